/**
 * All mutants, with what they belong to.
 *
 * @module
 */
import { bounded } from "./lists/bounded.ts";
import { capturedOnce } from "./lists/captured_once.ts";
import { downCleanly } from "./lists/down_cleanly.ts";
import { keptPrivate } from "./lists/kept_private.ts";
import { keysHold } from "./lists/keys.ts";
import { named } from "./lists/named.ts";
import type { Mutant, Mutants } from "./mutant.ts";
import { ordered } from "./lists/ordered.ts";
import { readOnce } from "./lists/read_once.ts";
import { refused } from "./lists/refused.ts";
import { toldApart } from "./lists/told_apart.ts";
import { trueToTheRoom } from "./lists/true_to_the_room.ts";
import { flat } from "./lists/years.ts";

/** A mutant, with the guarantee and what could break it, in the words of `docs/guarantees.md`. */
export interface NamedMutant extends Mutant {
  readonly guarantee: string;
  readonly breaks: string;
}

/** By the headings of `docs/guarantees.md`. */
const byGuarantee: Readonly<Record<string, Mutants>> = {
  "1. Captured once": capturedOnce,
  "2. Told apart from forgery": { ...toldApart, ...keysHold },
  "3. Ordered": ordered,
  "4. True to the room": { ...trueToTheRoom, ...named },
  "5. Refused, not lost": refused,
  "6. Read once, in order": readOnce,
  "7. Down cleanly": downCleanly,
  "8. Bounded": bounded,
  "9. As fast as on the first day": flat,
  "Privacy": keptPrivate,
};

/** Every mutant there is. */
export function allMutants(): NamedMutant[] {
  return Object.entries(byGuarantee).flatMap(([guarantee, mutants]) =>
    Object.entries(mutants).flatMap(([breaks, list]) =>
      list.map((mutant) => ({ guarantee, breaks, ...mutant }))
    )
  );
}
