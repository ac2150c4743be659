/**
 * What must be done from time to time, by any instance.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { forgetOldKeys } from "./api_keys.ts";
import type { Sql } from "./connect.ts";
import { noteOlderTimes } from "./event_times.ts";
import { type FiguresProgress, makeRoomFigures } from "./room_figures.ts";
import { forgetClocks } from "./clocks.ts";
import { clearMeasurements, forgetReadings } from "./readings.ts";
import { ageRejected } from "./rejected.ts";
import { forgetOldEvents, type Forgotten, markLog } from "./retention.ts";
import { forgetRoomNames } from "./room_names.ts";
import { holdForWebhooks } from "./webhook_holds.ts";
import { forgetDeliveries } from "./webhooks.ts";
import { deleteUnusedSessions, forgetCustomerData } from "./users.ts";

/** What an operator decides. */
export interface Housekeeping {
  /** Days after which the raw reports of measurements are cleared; absent: never. */
  readonly measurementDays?: number | undefined;
  /** Days after which events are forgotten, and what derives from them; absent: never. */
  readonly retentionDays?: number | undefined;
  /** Told of each round of forgetting. */
  readonly onForgotten?: (forgotten: Forgotten) => void;
  /** Milliseconds from round to round. Default a minute. */
  readonly every?: number;
}

/** Starts the rounds; returns how to stop them, which waits for the one under way. */
export function startHousekeeping(
  sql: Sql,
  { every = 60_000, ...decided }: Housekeeping = {},
): () => Promise<void> {
  let round = Promise.resolve();
  const progress: FiguresProgress = {};
  const timer = setInterval(() => {
    round = round.then(() => tidy(sql, progress, decided)).catch((error) => {
      // The next round does it; a database that is away is reported by who needs it.
      log.debug("Housekeeping was not done: {error}", { error });
    });
  }, every);
  return () => {
    clearInterval(timer);
    return round;
  };
}

// ---

const log = getLogger(["talky", "db"]);

async function tidy(
  sql: Sql,
  progress: FiguresProgress,
  { measurementDays, retentionDays, onForgotten = () => {} }: Housekeeping,
): Promise<void> {
  await deleteUnusedSessions(sql);
  await forgetCustomerData(sql);
  await ageRejected(sql);
  await forgetRoomNames(sql);
  await forgetOldKeys(sql);
  await forgetDeliveries(sql);
  while (await noteOlderTimes(sql));
  await makeRoomFigures(sql, progress);
  await forgetReadings(sql);
  await forgetClocks(sql);
  if (measurementDays !== undefined) await clearMeasurements(sql, measurementDays);
  await markLog(sql);
  await holdForWebhooks(sql);
  const forgotten = await forgetOldEvents(sql, retentionDays);
  report(forgotten);
  onForgotten(forgotten);
  // As long as a credential lasts, a repeated batch is known by its key.
  await sql`delete from telemetry_batches where time < now() - interval '24 hours'`;
}

function report({ events, rooms, sessions, earliest, heldBy }: Forgotten): void {
  if (events > 0) {
    log.info("Forgot {events} events before {earliest}, {rooms} rooms and {sessions} sessions", {
      events,
      earliest,
      rooms,
      sessions,
    });
  }
  if (heldBy === undefined) return;
  log.debug("The hold {name} keeps events from {earliest} on, which are past their retention", {
    name: heldBy,
    earliest,
  });
}
