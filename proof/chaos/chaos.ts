/**
 * The chaos as a whole: people in rooms, fault after fault, and what the log says in the end.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "../../db/connect.ts";
import { Random } from "../simulate/random.ts";
import { Crowd } from "./crowd.ts";
import { type Fault, type FaultKind, inflict, planFaults } from "./faults.ts";
import { sameRoster } from "./roster.ts";
import type { Stage } from "./stage.ts";
import { Readers } from "./readers/readers.ts";
import type { ReaderSummary } from "./readers/report.ts";
import { countOpen, holds, judge, type Verdict } from "./verdict.ts";
import { waitFor } from "./wait.ts";

/** How much of it. */
export interface ChaosOptions {
  /** No fault begins later than this. */
  readonly minutes: number;
  /** No more faults than this. Default: as many as there is time for. */
  readonly faults?: number;
  /** Of these kinds. Default: of all. */
  readonly kinds?: readonly FaultKind[];
  /** None lasts longer, in seconds. Default: as long as its kind does. */
  readonly longest?: number;
  /** Rooms side by side, and people in each. */
  readonly rooms: number;
  readonly people: number;
  /** Who reads meanwhile, by four ways. Default: nobody. */
  readonly readers?: number;
  /** The same seed plans the same rooms and the same faults. */
  readonly seed: string;
}

/** A fault that is over. */
export interface Suffered extends Fault {
  /** From when it was put right until every instance was ready and one was fed, in milliseconds. */
  readonly recovery: number;
}

/** What came of a chaos. */
export interface Report {
  readonly seed: string;
  readonly seconds: number;
  readonly faults: readonly Suffered[];
  readonly verdict: Verdict;
  readonly readers: readonly ReaderSummary[];
}

/** Whether nothing is lost, doubled, misordered or left open, and every reader has everything, once. */
export function isWell({ verdict, readers }: Report): boolean {
  return holds(verdict) &&
    readers.every(({ missing, doubled, failure }) => missing === 0 && doubled === 0 && failure === undefined);
}

/** Who wants to know, and to have a say. */
export interface ChaosControl {
  /** When it fires no fault follows, and the verdict comes early. */
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
}

/** Lets it happen on a stage, and judges. */
export async function chaos(
  stage: Stage,
  options: ChaosOptions,
  { signal, say = () => {} }: ChaosControl = {},
): Promise<Report> {
  const { seed, rooms, people, minutes, faults: most = Infinity, readers: count = 0 } = options;
  const begun = Date.now();
  const over = AbortSignal.any([AbortSignal.timeout(minutes * 60_000), ...signal ? [signal] : []]);
  const crowd = new Crowd({ rooms, people, seed, urls: stage.apis.map(({ url }) => url) });
  using readers = await Readers.start(stage, count);
  const random = new Random(seed);
  const suffered: Suffered[] = [];

  try {
    for (const fault of planFaults(random, options.kinds, options.longest)) {
      await delay(1000 + random.below(3000), undefined, { signal: over }).catch(() => {});
      if (over.aborted || suffered.length >= most) break;
      const recovery = await suffer(fault, stage).catch(async (error) => {
        say(await stage.describe());
        throw error;
      });
      suffered.push({ ...fault, recovery });
      say(
        `${seconds(begun)} s: ${fault.kind} for ${fault.seconds.toFixed(1)} s, ready after ${recovery} ms` +
          ` · ${suffered.length} faults, ${crowd.told.length} rooms, ${crowd.actions} actions`,
      );
    }
  } finally {
    await crowd.goHome();
  }

  const sql = connect(stage.databaseUrl, { max: 1, name: "talky-chaos" });
  try {
    say(`${seconds(begun)} s: everybody has left; the outbox drains`);
    await settle(stage, () => countOpen(sql)).catch((error) => say(error.message));
    const verdict = await judge(sql, crowd.told);
    const summaries = await readers.finish(verdict.stored);
    return { seed, seconds: seconds(begun), faults: suffered, verdict, readers: summaries };
  } finally {
    await sql.end();
  }
}

// ---

/** One fault from its beginning until everything is well again. Returns how long that took. */
async function suffer(fault: Fault, stage: Stage): Promise<number> {
  const mend = await inflict(fault, stage);
  let mended: number;
  try {
    await delay(fault.seconds * 1000);
  } finally {
    mended = Date.now();
    await mend();
  }
  await waitFor(`everything to be ready after "${fault.kind}"`, () => stage.isReady());
  const recovery = Date.now() - mended;
  if (stage.hasRoster) await sameRoster(stage);
  return recovery;
}

/** Nothing waits in the outbox, and nothing is open. */
async function settle({ apis }: Stage, open: () => Promise<number>): Promise<void> {
  await waitFor("everything to settle", async () => {
    const states = await Promise.all(apis.map((api) => api.readiness()));
    return states.every((state) => state?.lag === 0 || !state?.fed) && await open() === 0;
  });
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}
