/**
 * A real log for the stream's tests, and a hub on it.
 *
 * @module
 */
import { connect, type Sql } from "../../db/connect.ts";
import { postgresLog } from "../../db/event_log.ts";
import { appendEvents, readAfter } from "../../db/log.ts";
import { eventTypes, type NewEvent } from "../../events/event.ts";
import { type Hub, type HubOptions, startHub } from "../../stream/hub.ts";
import { uuid } from "../events/history.ts";
import { testDatabase } from "../harness/database.ts";

/** Rooms that events may be of. */
export const rooms = [uuid(7, 0), uuid(7, 1), uuid(7, 2)] as const;

/** A database with a hub of its own. */
export interface LiveLog extends AsyncDisposable {
  readonly url: string;
  /** For the test; the hub has connections of its own. */
  readonly sql: Sql;
  readonly hub: Hub;
  /** Appends so many events, in one transaction; their `data.n` counts on. Returns the newest id. */
  append(count: number, event?: Partial<NewEvent>): Promise<number>;
  /** Ids of the log under a filter, after a cursor. */
  ids(wanted?: { after?: number; rooms?: readonly string[]; types?: readonly string[] }): Promise<number[]>;
}

/** Starts one. What the hub reported as trouble is added to `trouble`. */
export async function liveLog(options: HubOptions = {}, existing = 0): Promise<LiveLog> {
  const database = await testDatabase();
  const { sql } = database;
  for (const id of rooms) {
    await sql`insert into rooms (id, name, jid, created) values (${id}, 'a', 'a@b', now())`;
  }
  let n = 0;
  const append = async (count: number, event: Partial<NewEvent> = {}) => {
    const events = Array.from({ length: count }, (): NewEvent => {
      n++;
      return {
        type: eventTypes[n % eventTypes.length]!,
        room_id: [null, ...rooms][n % 4]!,
        actor_id: null,
        peer_id: null,
        time: "2026-01-01T00:00:00.000Z",
        data: { n },
        ...event,
      };
    });
    await sql.begin((tx) => appendEvents(tx, events));
    const [row] = await sql<[{ id: number }]>`select id from log_head`;
    return row.id;
  };
  if (existing > 0) await append(existing);

  const pool = connect(database.url, { max: 5, name: "talky-hub" });
  const hub = await startHub(postgresLog(pool), options);
  return {
    url: database.url,
    sql,
    hub,
    append,
    ids: async ({ after = 0, rooms, types } = {}) => {
      const filter = { ...(rooms?.length && { rooms }), ...(types?.length && { types }) };
      return (await readAfter(sql, after, { limit: 1e6, filter })).map(({ id }) => id);
    },
    async [Symbol.asyncDispose]() {
      await hub.stop();
      await pool.end({ timeout: 1 });
      await database.drop();
    },
  };
}
