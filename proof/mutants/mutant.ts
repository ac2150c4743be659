/**
 * Mutants: one line of the product broken on purpose, and the test that has to notice. They stand behind
 * `docs/guarantees.md`: for each thing there that could break a guarantee, at least one.
 *
 * @module
 */

/** A breakage, and who notices. */
export interface Mutant {
  /** Path from the project's folder. */
  readonly file: string;
  /** A text that occurs in it once, and what stands there instead. */
  readonly find: string;
  readonly replace: string;
  /** The test's file, and the beginning of its name. */
  readonly test: string;
  readonly name: string;
}

/** By what could break a guarantee, in the words of `docs/guarantees.md`. */
export type Mutants = Readonly<Record<string, readonly Mutant[]>>;
