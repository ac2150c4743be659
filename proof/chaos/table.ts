/**
 * A report of chaos for people.
 *
 * @module
 */
import type { Report } from "./chaos.ts";
import { holds } from "./verdict.ts";

/** The report as lines of a table. */
export function tableOf({ seed, seconds, faults, verdict }: Report): string {
  const { rooms, faults: wrong, ...counts } = verdict;
  const lines = [
    `seed ${seed}, ${seconds} s, ${faults.length} faults`,
    row("rooms", `${rooms.completed} completed, ${rooms.broken} broken, ${rooms.unconfirmed} unconfirmed`),
    ...Object.entries(counts).map(([name, value]) => row(name, String(value))),
    "",
    row("fault", "times   ready again after: median, longest"),
    ...[...Map.groupBy(faults, ({ kind }) => kind)].sort().map(([kind, those]) => {
      const times = those.map(({ recovery }) => recovery).sort((a, b) => a - b);
      const [median, longest] = [times[times.length >> 1], times.at(-1)].map((time) =>
        `${time} ms`.padStart(9)
      );
      return row(kind, `${String(those.length).padStart(5)}   ${median}, ${longest}`);
    }),
    "",
    ...wrong,
    holds(verdict) ? "nothing is lost" : "NOT EVERYTHING IS AS IT SHOULD BE",
  ];
  return lines.join("\n");
}

// ---

function row(name: string, value: string): string {
  return `${name.padEnd(18)}${value}`;
}
