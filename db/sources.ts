/**
 * How far each Prosody node's records are stored, and what was refused.
 *
 * @module
 */
import type { Sql } from "./connect.ts";

/** A stored position: everything of this epoch up to `seq`. */
export interface Position {
  readonly source: string;
  readonly epoch: string;
  readonly seq: number;
}

/** The newest position of each source. */
export async function readPositions(sql: Sql): Promise<Position[]> {
  return await sql<Position[]>`
    select distinct on (source) source, epoch, seq from sources order by source, started desc, epoch desc`;
}
