/**
 * Where browsers meet: a database, a Prosody and a service with its demo page, and what the service says
 * afterwards of what went on.
 *
 * @module
 */
import { join } from "node:path";
import type { EventType } from "../../../events/event.ts";
import type { ProsodyConfigOptions } from "../../../prosody/config.ts";
import { defaults, selfSigned } from "../../../scripts/certgen.ts";
import { buildDemo } from "../../../scripts/demo.ts";
import { testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import type { ProsodyRelease } from "../../harness/prosody_releases.ts";
import { testService } from "../../harness/service.ts";
import { through } from "../../harness/through.ts";
import { until } from "../../harness/wait.ts";
import type { Participant } from "./participant.ts";

/** An event as `GET /events` tells it. */
export interface ToldEvent {
  readonly id: number;
  readonly type: EventType;
  readonly actor_id: string | null;
  readonly peer_id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A service with a demo page. */
export interface Stage extends AsyncDisposable {
  /** Where a browser finds it: a secure context, as cameras want it. */
  readonly url: string;
  /** All events of all lives of a room. */
  eventsOf(room: string): Promise<ToldEvent[]>;
  /** Waits until a room has so many events of a type, by an actor where one is given. */
  happens(room: string, type: EventType, times?: number, actor?: Participant): Promise<ToldEvent[]>;
}

/** Sets one up. `overrides` change Prosody's configuration; `tls`: by HTTPS and WSS, as `certgen` sets it up.
 */
export async function startStage(
  { tls = false, ...overrides }: Partial<ProsodyConfigOptions> & { tls?: boolean } = {},
  release?: ProsodyRelease,
): Promise<Stage> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const prosody = parts.use(await testProsody(overrides, release));
  await buildDemo(join(prosody.dataDir, "demo"));
  const service = parts.use(
    await testService({
      database,
      prosody,
      env: {
        TALKY_DATA_DIR: prosody.dataDir,
        TALKY_DEMO: "on",
        ...tls && await certificate(prosody.dataDir),
      },
    }),
  );
  const caCerts = tls ? [await Deno.readTextFile(join(prosody.dataDir, "cert.pem"))] : [];
  const client = parts.use(Deno.createHttpClient({ caCerts }));
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${service.token}` };
    const response = await fetch(service.url + path, through(client, { headers }));
    return (await response.json()).items;
  };
  const eventsOf = async (room: string): Promise<ToldEvent[]> => {
    const lives: { id: string }[] = await get(`/rooms?name=${encodeURIComponent(room)}`);
    const events = await Promise.all(lives.map(({ id }) => get(`/rooms/${id}/events?limit=1000`)));
    return events.flat().sort((a, b) => a.id - b.id);
  };
  const all = parts.move();
  return {
    url: service.url.replace("127.0.0.1", "localhost"),
    eventsOf,
    happens: (room, type, times = 1, actor) =>
      until(`${type} in ${room}, ${times} times`, async () => {
        const events = await eventsOf(room);
        const matching = events.filter((event) =>
          event.type === type && (!actor || event.actor_id === actor.sessionid)
        );
        return matching.length >= times && matching;
      }, { timeout: 20_000, interval: 50 }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** A certificate in a folder, and the settings to use it. */
async function certificate(folder: string): Promise<Record<string, string>> {
  const { cert, key } = await selfSigned(defaults);
  const files = { TALKY_TLS_CERT: join(folder, "cert.pem"), TALKY_TLS_KEY: join(folder, "key.pem") };
  await Deno.writeTextFile(files.TALKY_TLS_CERT, cert);
  await Deno.writeTextFile(files.TALKY_TLS_KEY, key);
  return files;
}

/**
 * Events as lines to read: type, actor, peer. Without statistics, which come by the clock; neighbours of one
 * p2p type are sorted, for which of two clients called first is chance.
 */
export function story(
  events: readonly ToldEvent[],
  people: readonly Pick<Participant, "sessionid" | "name">[],
): string[] {
  const names = new Map(people.map(({ sessionid, name }) => [sessionid, name]));
  const nameOf = (id: string | null) => id === null ? [] : [names.get(id) ?? "somebody else"];
  const lines: string[] = [];
  let run = 0;
  for (const { type, actor_id, peer_id } of events) {
    if (type === "p2p_session_stats") continue;
    if (!type.startsWith("p2p_") || !lines[run]?.startsWith(type)) run = lines.length;
    lines.push([type, ...nameOf(actor_id), ...nameOf(peer_id)].join(" "));
    lines.push(...lines.splice(run).sort());
  }
  return lines;
}
