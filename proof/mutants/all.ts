/**
 * All mutants, with what they belong to.
 *
 * @module
 */
import { guarantees } from "../guarantees.ts";
import type { Mutant } from "./mutant.ts";

/** A mutant, with the guarantee and what could break it. */
export interface NamedMutant extends Mutant {
  readonly guarantee: string;
  readonly breaks: string;
}

/** Every mutant there is. */
export function allMutants(): NamedMutant[] {
  return guarantees.flatMap(({ title, mutants }) =>
    Object.entries(mutants).flatMap(([breaks, list]) =>
      list.map((mutant) => ({ guarantee: title, breaks, ...mutant }))
    )
  );
}
