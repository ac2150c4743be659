/**
 * What is seen from a source's text alone.
 *
 * @module
 */
import { isIn, withoutDeno } from "./places.ts";

/** A source file, by its path from the project's folder. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** What the rules of our own find wrong with sources. */
export function findFaults(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [...usesOfDeno(source), ...tooLong(source)]);
}

// ---

/** Past this a file is split. */
const maxBytes = 15_000;

function usesOfDeno({ path, text }: Source): string[] {
  if (!withoutDeno.some((place) => isIn(path, place))) return [];
  return text.split("\n").flatMap((line, index) =>
    /^(?!\s*(?:\*|\/\/)).*\bDeno\./.test(line)
      ? [`${path}:${index + 1} uses Deno, and has to run on Workers`]
      : []
  );
}

function tooLong({ path, text }: Source): string[] {
  const size = new TextEncoder().encode(text).length;
  return size > maxBytes ? [`${path} has ${size} bytes: split what is over ${maxBytes}`] : [];
}
