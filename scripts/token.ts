/**
 * `deno task token`: makes an API key for people and programs that use the API as operators, and prints it and
 * nothing else, so that it can stand in `$(deno task --quiet token)`. It is shown this once. With `--list` the
 * keys that there are, a line each; with `--revoke ID` one less.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { makeApiKey } from "../auth/api_key.ts";
import { longestKeyLife, parseDuration } from "../auth/lifetime.ts";
import { type Scope, scopes } from "../auth/operator.ts";
import type { Settings } from "../config.ts";
import { addApiKey, findApiKeys, revokeApiKey } from "../db/api_keys.ts";
import type { Sql } from "../db/connect.ts";
import { isMigrated } from "../db/migrate.ts";
import { type EventType, eventTypes } from "../events/event.ts";
import { BadRoomName, roomNode } from "../events/room_name.ts";
import type { View } from "../events/view.ts";
import { prepareDatabase, withConnection, withDatabase } from "../local/database.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";

function parseScope(text: string): Scope {
  const scope = scopes.find((name) => name === text);
  if (!scope) throw new Failure(`--scope is wrong: got "${text}"; it takes ${scopes.join(", ")}`);
  return scope;
}

/** Milliseconds of `--expires`. */
function parseLifetime(text: string): number {
  const lifetime = parseDuration(text);
  if (lifetime !== null && lifetime <= longestKeyLife) return lifetime;
  throw new Failure(
    `--expires is wrong: got "${text}"; it takes a number and s, m, h or d, such as 30d, up to 400d`,
  );
}

function parseView(rooms: readonly string[] | undefined, types: readonly string[] | undefined): View {
  const nameOf = (room: string) => {
    try {
      return roomNode(room);
    } catch (error) {
      if (!(error instanceof BadRoomName)) throw error;
      throw new Failure(`--room is wrong: got "${room}"; ${error.message}`);
    }
  };
  const typeOf = (type: string) => {
    if (eventTypes.includes(type as EventType)) return type as EventType;
    throw new Failure(`--type is wrong: got "${type}"; it takes ${eventTypes.join(", ")}`);
  };
  return { ...rooms && { rooms: rooms.map(nameOf) }, ...types && { types: types.map(typeOf) } };
}

function readArguments() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        scope: { type: "string", default: "read" },
        expires: { type: "string", default: "30d" },
        name: { type: "string", default: "deno task token" },
        room: { type: "string", multiple: true },
        type: { type: "string", multiple: true },
        list: { type: "boolean", default: false },
        revoke: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new Failure(
      `${(error as Error).message} (takes --scope ${
        scopes.join("|")
      }, --expires 30d, --name TEXT, --room ROOM, ` +
        `--type TYPE; or --list; or --revoke ID)`,
    );
  }
}

/** The work that the arguments ask for: what it prints. Everything in them is checked before. */
function plan(): (sql: Sql) => Promise<string[]> {
  const { scope, expires, name, room, type, list, revoke } = readArguments();
  if (list) return async (sql) => (await findApiKeys(sql, { limit: 10_000 })).map(({ json }) => json);
  if (revoke !== undefined) {
    return async (sql) => {
      if (!await revokeApiKey(sql, revoke)) throw new Failure(`no key has the id "${revoke}": see --list`);
      return [`revoked ${revoke}`];
    };
  }
  const [checkedScope, lifetime, view] = [parseScope(scope), parseLifetime(expires), parseView(room, type)];
  return async (sql) => {
    const { id, token, hash } = await makeApiKey();
    await addApiKey(sql, { id, name, hash, scope: checkedScope, view, expires: Date.now() + lifetime });
    return [token];
  };
}

/** Lends a connection to a database with the current schema. An embedded one is brought to it. */
async function withCurrentDatabase<T>(settings: Settings, use: (sql: Sql) => Promise<T>): Promise<T> {
  return await withDatabase(settings, async (url) => {
    if (!settings.databaseUrl) await prepareDatabase(url);
    return await withConnection(url, async (sql) => {
      if (await isMigrated(sql)) return await use(sql);
      throw new Failure("the database's schema is not the current one: run `deno task migrate`");
    });
  });
}

if (import.meta.main) {
  await runTask(async () => {
    const work = plan();
    for (const line of await withCurrentDatabase(loadSettings(), work)) console.log(line);
  });
}
