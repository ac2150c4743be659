/**
 * How far a client's clock is from ours, by what each measurement says of when it was made and sent.
 *
 * @module
 */
import type { Sql } from "./connect.ts";

/**
 * Takes note of how much later than a client says something of it arrived, in milliseconds, and returns how far
 * our clock is ahead of the client's, as near as is known: the least that was ever seen, since what is on top of
 * that is the way here. One that is far from the earlier ones is of a clock that was set.
 */
export async function noteClock(sql: Sql, sessionid: string, later: number): Promise<number> {
  const seen = Math.round(later);
  const [row] = await sql<[{ ahead: number }]>`
    insert into session_clocks as known (sessionid, ahead) values (${sessionid}, ${seen})
    on conflict (sessionid) do update set told = now(), ahead =
      case when excluded.ahead > known.ahead + ${wasSet} then excluded.ahead
        else least(known.ahead, excluded.ahead) end
    returning ahead`;
  return row.ahead;
}

/** Forgets the clocks of those who have long told nothing. */
export async function forgetClocks(sql: Sql): Promise<void> {
  await sql`delete from session_clocks where told < now() - interval '24 hours'`;
}

// ---

/** Milliseconds: the SDK's queue may hold a measurement for some minutes, so less is delay. */
const wasSet = 15 * 60_000;
