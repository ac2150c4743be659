/**
 * What can go wrong: how each kind of fault is brought about, and how it ends.
 *
 * @module
 */
import { xmppHosts } from "../../config.ts";
import { connect, type Sql } from "../../db/connect.ts";
import { databaseName } from "../../db/database.ts";
import { canSetClocks, type Clock } from "./clock.ts";
import { limitFiles } from "../../local/process.ts";
import type { Random } from "../simulate/random.ts";
import type { Relay } from "./relay.ts";
import type { Stage } from "./stage.ts";
import { canMount, type SmallDisk } from "./small_disk.ts";
import { canSpin, spin } from "./spin.ts";
import { destroy, freeze, putRight, thaw, type Victim } from "./victim.ts";
import { waitFor } from "./wait.ts";

/** One fault to come. */
export interface Fault {
  readonly kind: FaultKind;
  /** How long it lasts, in seconds, before it is put right. */
  readonly seconds: number;
  /** Which instance of the API it happens to, where it happens to one. */
  readonly instance: 0 | 1;
}

/** A kind of fault. */
export type FaultKind = keyof typeof kinds;

/**
 * Faults without end, the same for the same seed: every kind has its turn before one comes again. None lasts longer
 * than `longest` seconds.
 */
export function* planFaults(
  random: Random,
  of: readonly FaultKind[] = faultKinds,
  longest = Infinity,
): Generator<Fault, never> {
  while (true) {
    for (const kind of random.shuffle(of)) {
      const [from, to] = kinds[kind].seconds;
      const seconds = Math.min(longest, from + (to - from) * random.next());
      yield { kind, seconds, instance: random.chance(1 / 2) ? 0 : 1 };
    }
  }
}

/** Brings a fault about; returns what puts it right. */
export async function inflict(fault: Fault, stage: Stage): Promise<() => Promise<void> | void> {
  return await kinds[fault.kind].inflict(stage, stage.apis[fault.instance] ?? stage.apis[0], fault);
}

// ---

interface Kind {
  /** It lasts from … to … seconds. */
  readonly seconds: readonly [number, number];
  inflict(stage: Stage, api: Victim, fault: Fault): Promise<() => Promise<void> | void>;
}

const kinds = {
  "api killed": { seconds: [0, 5], inflict: (_, api) => kill(api) },
  "both apis killed": { seconds: [0, 5], inflict: ({ apis }) => kill(...apis) },
  "postgres killed": { seconds: [0, 5], inflict: ({ postgres }) => kill(postgres) },
  "prosody killed": { seconds: [0, 2], inflict: ({ prosody }) => kill(prosody) },
  "api stopped": { seconds: [3, 15], inflict: (_, api) => hang(api) },
  "postgres stopped": { seconds: [3, 15], inflict: ({ postgres }) => hang(postgres) },
  "prosody stopped": { seconds: [3, 15], inflict: ({ prosody }) => hang(prosody) },
  "postgres spins": { seconds: [3, 10], inflict: ({ postgres }) => makeSpin(postgres) },
  "prosody spins": { seconds: [3, 10], inflict: ({ prosody }) => makeSpin(prosody) },
  "outbox reloaded": { seconds: [0, 2], inflict: reload },
  "prosody reloaded": { seconds: [0, 2], inflict: reloadAll },
  "xmpp cut": { seconds: [0, 3], inflict: ({ network }) => cut(network.xmpp) },
  "xmpp half-open": { seconds: [3, 15], inflict: ({ network }) => hold(network.xmpp) },
  "database half-open": { seconds: [3, 15], inflict: ({ network }) => hold(...network.database) },
  "readers cut": { seconds: [0, 3], inflict: ({ network }) => cut(...network.readers) },
  "readers half-open": { seconds: [3, 15], inflict: ({ network }) => hold(...network.readers) },
  "outbox full": { seconds: [0, 5], inflict: fill },
  "disk refuses": { seconds: [2, 8], inflict: ({ prosody }) => refuseWrites(prosody) },
  "prosody disk full": { seconds: [10, 10], inflict: ({ means }) => fillDisk(means?.disk) },
  "postgres disk full": {
    seconds: [10, 10],
    inflict: ({ means }) => fillDisk(means?.pair.disk, () => means?.pair.revive()),
  },
  "postgres fails over": { seconds: [0, 3], inflict: failOver },
  "prosody clock set": {
    seconds: [3, 8],
    inflict: ({ means }, _, fault) => set(means?.clocks.prosody, fault),
  },
  "api clock set": {
    seconds: [3, 8],
    inflict: ({ means }, _, fault) => set(means?.clocks.apis[fault.instance], fault),
  },
  "database refuses": { seconds: [2, 8], inflict: ({ databaseUrl }) => refuse(databaseUrl) },
} satisfies Record<string, Kind>;

const possible = {
  // Limits of other processes are Linux's.
  "disk refuses": Deno.build.os === "linux",
  "postgres spins": await canSpin(),
  "prosody spins": await canSpin(),
  "prosody disk full": await canMount(),
  "postgres disk full": await canMount(),
  "prosody clock set": canSetClocks(),
  "api clock set": canSetClocks(),
} as Partial<Record<FaultKind, boolean>>;

/** Every kind there is on this system. */
export const faultKinds = (Object.keys(kinds) as FaultKind[]).filter((kind) => possible[kind] ?? true);

/** Those that `deno task start` puts right without anybody's hand. */
export const supervisedKinds = faultKinds.filter((kind) =>
  /^(postgres|prosody) (killed|stopped|spins)$/.test(kind)
);

async function kill(...victims: readonly Victim[]) {
  const mends = await Promise.all(victims.map((victim) => putRight(victim, () => victim.start())));
  await Promise.all(victims.map(destroy));
  return async () => {
    await Promise.all(mends.map((mend) => mend()));
  };
}

async function hang(victim: Victim) {
  const mend = await putRight(victim, () => thaw(victim));
  await freeze(victim);
  return mend;
}

/** Its first process runs in circles until it is killed. */
async function makeSpin(victim: Victim) {
  const mend = await putRight(victim, async () => {
    await destroy(victim);
    await victim.start();
  });
  const [first] = await victim.pids();
  await spin(first!);
  return mend;
}

/** By an operator, in the middle of everything. */
async function reload({ shell }: Stage) {
  await shell("module", "reload", "talky_outbox", "*");
  return () => shell("module", "reload", "talky_outbox", "*");
}

/** The configuration is read again, and what captures and sends is loaded anew. */
async function reloadAll({ shell, domain }: Stage) {
  await shell("config", "reload");
  const { rooms } = xmppHosts(domain);
  return () => shell("module", "reload", "talky_capture", rooms);
}

/** Every connection is dropped, and each new one for a while. */
function cut(...relays: readonly Relay[]) {
  for (const relay of relays) relay.cut();
  return Promise.resolve(() => relays.forEach((relay) => relay.mend()));
}

/** Nothing comes through, and nobody is told. */
function hold(...relays: readonly Relay[]) {
  for (const relay of relays) relay.hold();
  return Promise.resolve(() => relays.forEach((relay) => relay.release()));
}

/** Nobody reads the outbox until it is full. */
async function fill({ network: { xmpp }, isOutboxFull }: Stage) {
  xmpp.cut();
  await waitFor("the outbox to be full", isOutboxFull);
  return () => xmpp.mend();
}

/**
 * No file of a service grows beyond a few kilobytes: as on a full disk, the kernel writes the part of a record
 * that fits, and then none. (A small file system of its own would take root.)
 */
async function refuseWrites(victim: Victim) {
  const limit = async (bytes: number) => {
    for (const pid of await victim.pids()) await limitFiles(pid, bytes);
  };
  await limit(5000);
  return () => limit(Infinity);
}

/** A file system has not a byte left. Who has died of that is started again when there is room, as by systemd. */
function fillDisk(disk: SmallDisk | undefined, revive?: () => Promise<void> | undefined) {
  disk?.fill();
  return Promise.resolve(async () => {
    disk?.free();
    await revive?.();
  });
}

/** The primary dies, the standby takes its place, and the dead one comes back as its standby. */
async function failOver({ means }: Stage) {
  await means?.pair.failOver();
  return () => means?.pair.follow();
}

/** A clock goes wrong by five seconds, this way or that, and is put right. */
async function set(clock: Clock | undefined, { seconds }: Fault) {
  // As random as the seconds are.
  await clock?.set(Math.floor(seconds * 1000) % 2 === 0 ? 5 : -5);
  return () => clock?.set(0);
}

/** The database takes no connections, and loses those it has. */
async function refuse(databaseUrl: string) {
  const name = databaseName(databaseUrl);
  await administer(databaseUrl, async (sql) => {
    await sql`alter database ${sql(name)} with allow_connections false`;
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
  });
  return () =>
    administer(databaseUrl, async (sql) => {
      await sql`alter database ${sql(name)} with allow_connections true`;
    });
}

async function administer(databaseUrl: string, work: (sql: Sql) => Promise<void>): Promise<void> {
  const server = new URL(databaseUrl);
  server.pathname = "/postgres";
  const sql = connect(server.href, { max: 1 });
  await work(sql).finally(() => sql.end());
}
