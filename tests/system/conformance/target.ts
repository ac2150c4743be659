/**
 * What the conformance tests are run against: a service somewhere, and the database behind it.
 *
 * @module
 */
import { signCredential } from "../../../auth/credential.ts";
import type { Keys } from "../../../auth/keys.ts";
import { type Scope, signOperatorToken } from "../../../auth/operator.ts";
import type { Sql } from "../../../db/connect.ts";
import { appendEvents } from "../../../db/log.ts";

/** A service to be judged by what it answers. */
export interface Target {
  /** Without a slash at the end. */
  readonly url: string;
  readonly sql: Sql;
  /** An operator's token. */
  token(scope?: Scope): Promise<string>;
  /** A client's credential. */
  credential(sessionid: string): Promise<string>;
  /** Asks with an operator's token, unless the request brings its own. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Appends so many events of no room, in one transaction. Returns the newest id. */
  append(count: number): Promise<number>;
}

/** Something a conforming service does; rejects when this one does not. */
export type Conformance = Readonly<Record<string, (target: Target) => Promise<void>>>;

/** A service as a target. */
export function targetAt(url: string, keys: Keys, sql: Sql): Target {
  const token = (scope: Scope = "read") => signOperatorToken(keys, scope, 3600);
  return {
    url,
    sql,
    token,
    credential: (sessionid) => signCredential(keys, { sessionid, userid: `${sessionid}@users.test` }, 3600),
    async request(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${await token()}`);
      return await fetch(url + path, { ...init, headers });
    },
    append: (count) => append(sql, count),
  };
}

/** Appends so many events of no room, in one transaction. Returns the newest id. */
export async function append(sql: Sql, count: number): Promise<number> {
  const time = new Date().toISOString();
  const event = {
    type: "message_sent",
    room_id: null,
    actor_id: null,
    peer_id: null,
    time,
    data: {},
  } as const;
  await sql.begin((tx) => appendEvents(tx, Array.from({ length: count }, () => event)));
  const [row] = await sql<[{ id: number }]>`select id from log_head`;
  return row.id;
}
