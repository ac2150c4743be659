import { SignJWT } from "jose";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { outboxBytes } from "../../../local/outbox_size.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { type TestProsody, testProsody } from "../../harness/prosody.ts";
import { type TestService, testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { hosts } from "../../prosody/xmpp.ts";
import { attacks } from "./attacks.ts";
import { Honest, type Waits } from "./honest.ts";
import type { Orders, Spoils } from "./attackers.ts";

/** Ten minutes with TALKY_TEST_LONG=1; as many seconds as it says where that is more. */
const long = Number(Deno.env.get("TALKY_TEST_LONG") ?? 0);
const seconds = long > 1 ? long : long ? 600 : 5;
const calm = long ? Math.min(60, seconds / 5) : 2;
const [people, readers] = long ? [20, 50] : [8, 10];
const addresses = 50;

/** Resident memory of a process, in MB. */
async function memory(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).output();
  return Math.round(Number(new TextDecoder().decode(stdout)) / 1024);
}

/** Seconds of a core that a process has had (proc(5), stat: utime and stime, in hundredths). */
async function coreSeconds(pid: number): Promise<number> {
  const stat = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]!.split(" ");
  return (Number(stat[11]) + Number(stat[12])) / 100;
}

const percentile = (list: readonly number[], share: number) =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length * share)]?.toFixed(1) ?? "-";

function print(before: Waits, during: Waits, spoils: Spoils, facts: Record<string, unknown>): void {
  const rows = (["echo", "login", "event"] as const).map((what) =>
    [what, before, during].map((cell) =>
      typeof cell === "string"
        ? cell
        : `${percentile(cell[what], 0.5)} / ${percentile(cell[what], 0.99)} (${cell[what].length})`
    )
  );
  console.error("honest waits, ms | before: p50 / p99 (n) | during");
  for (const row of rows) console.error(row.join(" | "));
  for (const [name, fact] of Object.entries(facts)) console.error(`${name}: ${fact}`);
  for (const [attack, answers] of Object.entries(spoils)) {
    console.error(`${attack}: ${JSON.stringify(answers)}`);
  }
}

/** Makes the attackers ready. What it returns lets them loose, and resolves with what they have done. */
async function attackers(): Promise<(orders: Orders) => Promise<Spoils>> {
  const script = new URL("./attackers.ts", import.meta.url).pathname;
  const child = spawn("nice", ["-n", "19", Deno.execPath(), "run", "--quiet", "-A", "--no-check", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the attackers have failed");
    return JSON.parse(value);
  };
  await next();
  return (orders) => {
    child.stdin.end(JSON.stringify(orders));
    return next();
  };
}

Deno.test({
  name:
    "every attack at once beside honest people: nothing is lost, and memory, disk and readiness stay as they are",
  // Sockets that Prosody closes are gone a little after the test.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using database = await testDatabase();
    await using prosody = await testProsody();
    const appKey = crypto.randomUUID();
    await using service = await testService({ database, prosody, env: { TALKY_APP_KEY: appKey } });
    const appToken = await new SignJWT({
      sub: "nemo",
      displayName: "\ufffe\uffff",
      more: { "\u0001": "\ufffe" },
    })
      .setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(new TextEncoder().encode(appKey));
    const target = { url: service.url, prosody: prosody.wsUrl, hosts, appToken, token: service.token };

    const attack = await attackers();
    await using honest = await Honest.gather(service, prosody, people, readers);
    const pids = [service.pid, prosody.pid];
    const cores = () => Promise.all(pids.map(coreSeconds));
    const start = await cores();
    const before = await honest.talk(calm);
    const between = await cores();
    const watch = watching(service, prosody);
    const size = await sizeOf(database);
    const [spoils, during] = await Promise.all([
      attack({ target, addresses, seconds }),
      honest.talk(seconds),
    ]).catch((error) => {
      throw new Error(service.logs().slice(-5000), { cause: error });
    });
    const watched = await watch.end();
    const end = await cores();
    const share = (nth: number) =>
      [(between[nth]! - start[nth]!) / calm, (end[nth]! - between[nth]!) / seconds]
        .map((part) => `${Math.round(100 * part)} %`).join(" → ");
    const grown = await sizeOf(database) - size;

    await until("the outbox is drained", async () => {
      const { checks } = await (await fetch(`${service.url}/readyz`)).json();
      return checks.prosody.lag === 0;
    }, { timeout: 60_000 });
    print(before, during, spoils, {
      "of a core, the service": share(0),
      "of a core, Prosody": share(1),
      "memory of the service, MB": curve(watched.service),
      "memory of Prosody, MB": curve(watched.prosody),
      "database grown by, MB": grown.toFixed(1),
      "outbox, MB": (await outboxBytes(prosody.dataDir) / 1e6).toFixed(1),
      "not ready": `${watched.unready.length} of ${watched.looks}`,
      "messages of honest people": honest.said,
    });
    assert.deepEqual(Object.keys(spoils).sort(), Object.keys(attacks).sort(), "each attack was tried");
    assert.deepEqual(watched.unready, [], "ready all the time");
    // It was 33 MB a second.
    assert.ok(grown < 30 + seconds, `${grown} MB`);
    for (const list of [watched.service, watched.prosody]) {
      const half = list.length >> 1;
      const [first, second] = [Math.max(...list.slice(0, half)), Math.max(...list.slice(half))];
      assert.ok(second < 1.3 * first + 100, `memory: ${curve(list)}`);
    }
    // That everybody has heard of everything, `talk` has waited for.
    const [row] = await database.sql<{ count: number }[]>`
      select count(*)::int as count from events where type = 'message_sent'`;
    assert.ok(row!.count >= honest.said);
    assert.doesNotMatch(service.logs(), /\[error\]|\n\s+at /, "no failure, no stack");
    assert.doesNotMatch(service.logs(), /trying again/, "the API was never cut off from Prosody");
    const log = await Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`);
    assert.deepEqual(log.match(/^.*(\serror\t|traceback).*$/gm) ?? [], [], "Prosody has logged no error");
  },
});

/** Looks at a service and its Prosody twice a second: what memory they take, and whether the service is ready. */
function watching(service: TestService, prosody: TestProsody) {
  const seen = { service: [] as number[], prosody: [] as number[], unready: [] as string[], looks: 0 };
  let over = false;
  const looking = (async () => {
    while (!over) {
      seen.service.push(await memory(service.pid));
      seen.prosody.push(await memory(prosody.pid));
      const answer = await fetch(`${service.url}/readyz`).then(
        async (response) => `${response.status} ${await response.text()}`,
        String,
      );
      seen.looks++;
      if (!over && !answer.startsWith("200")) seen.unready.push(answer);
      await delay(500);
    }
  })();
  return {
    async end() {
      over = true;
      await looking;
      return seen;
    },
  };
}

/** What a database takes on disk, in MB. */
async function sizeOf({ sql }: TestDatabase): Promise<number> {
  const [row] = await sql<{ size: string }[]>`select pg_database_size(current_database())::text as size`;
  return Number(row!.size) / 1e6;
}

/** A few readings, evenly spread, and the highest. */
function curve(list: readonly number[]): string {
  const step = Math.max(1, Math.floor(list.length / 10));
  return `${list.filter((_, at) => at % step === 0).join(" ")}, at most ${Math.max(...list)}`;
}
