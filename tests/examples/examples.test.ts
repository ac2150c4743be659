import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findProgram } from "../../local/find_program.ts";
import { outboxRun, readLog, storeAll } from "../db/outbox.ts";
import { roomRecord } from "../events/history.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { type TestService, testService } from "../harness/service.ts";
import { until } from "../harness/wait.ts";
import { at, bob, call, dailyRoom, eve, makeCall } from "../routes/a_call.ts";
import { temporaryFolder } from "../scripts/temporary_folder.ts";
import { browserTest, startBrowser } from "../system/browser/chromium.ts";

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

/** Of services that are each other's successors. */
const secret = crypto.randomUUID();

/** A service with a call in its log. */
async function serviceWithCall() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await testDatabase());
  await makeCall(database.sql);
  const service = stack.use(await testService({ database, env: { TALKY_SECRET: secret } }));
  return { database, service, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A running example: what it has printed so far, its end. */
function start(program: string, args: readonly string[], service: TestService, cwd: string) {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { TALKY_URL: service.url, TALKY_TOKEN: service.token, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let printed = "";
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) printed += text;
  });
  return {
    printed: () => printed,
    /** The ids at the beginning of lines. */
    ids: () => [...printed.matchAll(/^(\d+) /gm)].map(([, id]) => Number(id)),
    ended: child.status,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
      await Promise.all(reading);
    },
  };
}

const more = [
  roomRecord("occupant_joined", dailyRoom, at(20), { actor: eve, data: { userid: "eve@users.talky.test" } }),
  roomRecord("message_sent", dailyRoom, at(21), { actor: eve, data: { length: 1 } }),
];
const goOn = ({ sql }: TestDatabase) => storeAll(sql, outboxRun(more, { first: call.length + 1 }));
const idsOf = async ({ sql }: TestDatabase) => (await readLog(sql)).map(({ id }) => id);

Deno.test("the example for Deno reads all, and after a kill goes on where it was", async () => {
  await using world = await serviceWithCall();
  await using folder = await temporaryFolder();
  const args = [
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-env",
    "--allow-read=cursor",
    "--allow-write=cursor",
  ];
  const all = await idsOf(world.database);
  {
    await using reader = start(
      Deno.execPath(),
      [...args, example("read_stream.ts")],
      world.service,
      folder.path,
    );
    await until("it has read all", () => reader.ids().at(-1) === all.at(-1), { timeout: 30_000 });
    assert.deepEqual(reader.ids(), all, reader.printed());
    await until(
      "it has kept its cursor",
      async () => await Deno.readTextFile(`${folder.path}/cursor`) === String(all.at(-1)),
    );
  }
  await goOn(world.database);
  await using reader = start(
    Deno.execPath(),
    [...args, example("read_stream.ts")],
    world.service,
    folder.path,
  );
  await until("it has read the rest", () => reader.ids().length === more.length, { timeout: 30_000 });
  assert.deepEqual([...all, ...reader.ids()], await idsOf(world.database));
});

Deno.test("the example for Node reads all, and what comes", async () => {
  await using world = await serviceWithCall();
  const node = await findProgram("node");
  assert.ok(node, "Node.js is what installs us");
  await using reader = start(node, [example("read_stream.mjs")], world.service, "/");
  await until(
    "it has read what was there",
    async () => reader.ids().at(-1) === (await idsOf(world.database)).at(-1),
    { timeout: 30_000 },
  );
  await goOn(world.database);
  const all = await idsOf(world.database);
  await until("it has read the rest", () => reader.ids().at(-1) === all.at(-1), { timeout: 30_000 });
  assert.deepEqual(reader.ids(), all, reader.printed());
});

browserTest("the example for browsers reads all, and comes back when the service does", async () => {
  await using world = await serviceWithCall();
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(
    `${pathToFileURL(example("read_stream.html"))}#${world.service.url},${world.service.token}`,
  );
  const shown = () =>
    page.locator("li").evaluateAll((lines) => lines.map((line) => (line as HTMLLIElement).value));
  await until("what was there", async () => (await shown()).at(-1) === (await idsOf(world.database)).at(-1));
  const { port } = world.service;
  await world.service.stop();
  await goOn(world.database);
  await using _again = await testService({
    database: world.database,
    env: { PORT: String(port), TALKY_SECRET: secret },
  });
  const all = await idsOf(world.database);
  await until("the rest", async () => (await shown()).at(-1) === all.at(-1), { timeout: 30_000 });
  assert.deepEqual(await shown(), all);
});

Deno.test("the example of an export writes a day's events, and no other's", async () => {
  await using world = await serviceWithCall();
  await using folder = await temporaryFolder();
  const args = ["run", "--no-prompt", "--allow-net", "--allow-env", "--allow-write=."];
  const lines = async (day: string) => {
    await using run = start(
      Deno.execPath(),
      [...args, example("export_day.ts"), day],
      world.service,
      folder.path,
    );
    assert.equal((await run.ended).code, 0, run.printed());
    return (await Deno.readTextFile(`${folder.path}/events-${day}.csv`)).trim().split(/\r?\n/);
  };
  assert.equal((await lines("2026-01-01")).length, 1 + (await idsOf(world.database)).length, "and a header");
  assert.equal((await lines("2026-01-02")).length, 1);
});

Deno.test("the example of a bot posts when a room fills, once, and again when it has been less full", async () => {
  await using world = await serviceWithCall();
  const posts: string[] = [];
  await using hook = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    posts.push((await request.json()).text);
    return new Response();
  });
  const args = ["run", "--no-prompt", "--allow-net", "--allow-env", example("full_room_bot.ts")];
  const to = `http://127.0.0.1:${hook.addr.port}/`;
  await using bot = start(Deno.execPath(), [...args, to, "3"], world.service, "/");
  await until("it reads", async () => {
    const response = await fetch(`${world.service.url}/metrics`);
    return /^talky_stream_readers 1$/m.test(await response.text());
  }, { timeout: 30_000 });

  const { sql } = world.database;
  let first = call.length + 1;
  const happens = async (type: "occupant_joined" | "occupant_left", actor: string) => {
    const data = type === "occupant_joined" ? { userid: "eve@users.talky.test" } : {};
    await storeAll(
      sql,
      outboxRun([roomRecord(type, dailyRoom, at(20 + first), { actor, data })], { first: first++ }),
    );
  };
  await happens("occupant_joined", eve);
  await until("it has posted", () => posts.length === 1, { timeout: 20_000 });
  // It asks how full a room is now; so that it sees each state, the next waits for a post or a while of its asking.
  await happens("occupant_left", bob);
  await until("it has asked", async () => await asked(world.service) >= 2);
  await happens("occupant_joined", bob);
  await until("it has posted again", () => posts.length === 2, { timeout: 20_000 });
  assert.deepEqual(posts, Array(2).fill("daily is full: 3 people"), bot.printed());
});

/** How often a room was asked for. */
async function asked({ url }: TestService): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/_count\{route="\/rooms\/:id[^}]*status="200"\} (\d+)/.exec(text)?.[1] ?? 0);
}
