/**
 * Who hears whom at a moment: rows are speakers, columns hearers. A bad row is that sender's device or uplink, a
 * bad column that receiver, one cell that path, all relayed cells the relay, everything us.
 *
 * @module
 */
import { sessionsOf } from "./direction.ts";
import { type Media, presentAt } from "./timeline.ts";
import { covers } from "./timeline.ts";
import type { VerdictCode } from "./verdict.ts";
import { directionsAt, type Known, verdictOf } from "./why.ts";

/** One direction. */
export interface Cell {
  readonly speaker: string;
  readonly hearer: string;
  readonly verdict: VerdictCode;
  readonly severity: 0 | 1 | 2;
  /** Whether there is an open session; without one the edge is missing. */
  readonly session: boolean;
  readonly events: readonly number[];
}

/** All directions of a medium between those who are present. */
export interface Matrix {
  readonly people: readonly string[];
  readonly cells: readonly Cell[];
  /** What the shape says. */
  readonly shape: Shape;
}

/** Whose the trouble is, by where the bad cells are. */
export interface Shape {
  readonly kind: "clean" | "row" | "column" | "cell" | "everything" | "scattered";
  /** The speaker of a row, the hearer of a column. */
  readonly person: string | null;
}

/** The matrix of a medium at a moment (milliseconds since 1970). */
export function matrixAt(known: Known, media: Media, moment: number): Matrix {
  const people = presentAt(known.timeline, moment);
  const cells = directionsAt(known.timeline, media, moment).map((direction): Cell => ({
    speaker: direction.speaker,
    hearer: direction.hearer,
    ...verdictOf(known, direction, moment),
    session: sessionsOf(known.timeline, direction, moment).some((session) => covers(session, moment)),
  }));
  return { people, cells, shape: shapeOf(people, cells) };
}

// ---

function shapeOf(people: readonly string[], cells: readonly Cell[]): Shape {
  const bad = cells.filter(({ severity }) => severity === 2);
  if (bad.length === 0) return { kind: "clean", person: null };
  const each = people.length - 1;
  const isAll = (person: string, role: "speaker" | "hearer") =>
    bad.filter((cell) => cell[role] === person).length === each;
  const rows = people.filter((person) => isAll(person, "speaker"));
  const columns = people.filter((person) => isAll(person, "hearer"));
  if (bad.length === cells.length) return { kind: "everything", person: null };
  if (people.length > 2 && rows.length === 1 && bad.every(({ speaker }) => speaker === rows[0])) {
    return { kind: "row", person: rows[0]! };
  }
  if (people.length > 2 && columns.length === 1 && bad.every(({ hearer }) => hearer === columns[0])) {
    return { kind: "column", person: columns[0]! };
  }
  return { kind: bad.length === 1 ? "cell" : "scattered", person: null };
}
