/**
 * Progress for people: a line that lives on a terminal, or a line every few seconds elsewhere.
 *
 * @module
 */
import type { Progress } from "./simulation.ts";

/** How often, in milliseconds. */
const everyOnTerminal = 100;
const everyElsewhere = 5000;

/** Returns a listener for progress, and what ends the line. */
export function showProgress(): { show(progress: Progress): void; end(): void } {
  const live = Deno.stderr.isTerminal();
  const every = live ? everyOnTerminal : everyElsewhere;
  let last: Progress | undefined;
  let shown = Date.now();
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  const line = ({ ended, live, online, actions, seconds }: Progress) =>
    `${live} rooms live, ${ended} ended · ${online} people · ${actions} actions · ${seconds.toFixed(0)} s`;
  return {
    show(progress) {
      last = progress;
      if (Date.now() - shown < every) return;
      shown = Date.now();
      write(live ? `\r\x1b[K${line(progress)}` : `${line(progress)}\n`);
    },
    end() {
      if (last) write(live ? `\r\x1b[K${line(last)}\n` : `${line(last)}\n`);
    },
  };
}
