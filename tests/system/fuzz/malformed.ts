/**
 * Things that are wrong: values and texts like valid ones, and yet not.
 *
 * @module
 */
import fc from "fast-check";

/** Whether two hundred thousand of each kind are tried, instead of two. */
export const isLong = Deno.env.get("TALKY_TEST_LONG") !== undefined;

const tries = isLong ? 200_000 : 2_000;

/** Lists of samples, of each kind as many as are tried, the same in every run. */
export function samples<T>(arbitrary: fc.Arbitrary<T>, perList: number): T[][] {
  const lists = Math.ceil(tries / perList);
  return Array.from({ length: lists }, (_, seed) => fc.sample(arbitrary, { numRuns: perList, seed }));
}

/** One of these JSON values, in one to three places replaced, cut or added to. */
export function mangled(examples: readonly unknown[]): fc.Arbitrary<unknown> {
  const change = fc.record({
    place: fc.nat(),
    deed: fc.constantFrom("replace", "cut", "add"),
    odd,
  });
  return fc.tuple(fc.constantFrom(...examples), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([example, changes]) => changes.reduce(apply, structuredClone(example)));
}

/** One of these texts with a piece cut out, doubled, or something put in. */
export function torn(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(texts, fc.nat(), fc.nat({ max: 40 }), fc.string({ unit: "binary", maxLength: 5 }))
    .map(([text, nat, length, insertion]) => {
      const at = nat % (text.length + 1);
      return text.slice(0, at) + insertion + text.slice(at + length);
    });
}

// ---

/** What is rarely meant. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    ...["", " ", "\u0000", "\ud800", "null", "x".repeat(5000), "é".repeat(1100), "a/b@c/d"],
    ...["9999-99-99T99:99:99.999Z", "0000-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000+23:59", "now"],
    ...["00000000-0000-0000-0000-000000000000", "6F1C1E0A-3B9E-4D42-9D0E-0D6D2A6A7C01", "__proto__"],
    ...[1e308, -1, 0.5, -0, 2 ** 53, null, true],
    ...[[], {}, [[]], JSON.parse('{"__proto__":{"x":1}}'), JSON.parse("[".repeat(500) + "]".repeat(500))],
  ),
  fc.string({ unit: "binary" }),
  fc.jsonValue({ maxDepth: 3 }),
);

const plain = { enumerable: true, configurable: true, writable: true };

interface Change {
  readonly place: number;
  readonly deed: string;
  readonly odd: unknown;
}

/** Changes one part of a value: the whole, or what is under some key. */
function apply(value: unknown, { place, deed, odd }: Change): unknown {
  const spots = spotsOf(value);
  const spot = spots[place % (spots.length + 1)];
  if (!spot) return deed === "replace" ? odd : value;
  const [parent, key] = spot;
  if (deed === "replace") parent[key] = odd;
  else if (deed === "cut") delete parent[key];
  // Not by assignment, which `__proto__` would take otherwise.
  else Object.defineProperty(parent, `${key}!`, { value: odd, ...plain });
  return value;
}

/** Every part of a value: what holds it, and under which key. */
function spotsOf(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key): [Record<string, unknown>, string][] => [
    [parent, key],
    ...spotsOf(parent[key]),
  ]);
}
