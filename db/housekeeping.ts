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
import { ageRejected } from "./rejected.ts";
import { forgetRoomNames } from "./room_names.ts";
import { deleteUnusedSessions, forgetCustomerData } from "./users.ts";

/** Starts the rounds; answers how to stop them, which waits for the one under way. `every` in ms. */
export function startHousekeeping(sql: Sql, every = 60_000): () => Promise<void> {
  let round = Promise.resolve();
  const progress: FiguresProgress = {};
  const timer = setInterval(() => {
    round = round.then(() => tidy(sql, progress)).catch((error) => {
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

async function tidy(sql: Sql, progress: FiguresProgress): Promise<void> {
  await deleteUnusedSessions(sql);
  await forgetCustomerData(sql);
  await ageRejected(sql);
  await forgetRoomNames(sql);
  await forgetOldKeys(sql);
  while (await noteOlderTimes(sql));
  await makeRoomFigures(sql, progress);
  // As long as a credential lasts, a repeated batch is known by its key.
  await sql`delete from telemetry_batches where time < now() - interval '24 hours'`;
}
