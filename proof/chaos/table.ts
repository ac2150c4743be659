/**
 * A report of chaos for people.
 *
 * @module
 */
import { isWell, type Report } from "./chaos.ts";

/** The report as lines of a table. */
export function tableOf(report: Report): string {
  const { seed, seconds, faults, verdict, readers } = report;
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
    row("readers", "how many   events of each   missing   doubled"),
    ...[...Map.groupBy(readers, ({ kind }) => kind)].map(([kind, those]) => {
      const sum = (count: "missing" | "doubled") => those.reduce((total, one) => total + one[count], 0);
      const events = [...new Set(those.map(({ events }) => events))].join(" ");
      const columns = [
        events.padStart(14),
        ...[sum("missing"), sum("doubled")].map((n) => `${n}`.padStart(7)),
      ];
      return row(kind, `${String(those.length).padStart(8)}   ${columns.join("   ")}`);
    }),
    ...readers.flatMap(({ kind, failure }) => failure === undefined ? [] : [`${kind}: ${failure}`]),
    "",
    ...wrong,
    isWell(report) ? "nothing is lost" : "NOT EVERYTHING IS AS IT SHOULD BE",
  ];
  return lines.join("\n");
}

// ---

function row(name: string, value: string): string {
  return `${name.padEnd(22)}${value}`;
}
