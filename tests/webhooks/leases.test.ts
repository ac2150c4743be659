import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { kill } from "../../local/process.ts";
import { until } from "../harness/wait.ts";
import { delivering } from "./delivering.ts";
import { assertTold, startReceiver } from "./receiver.ts";

const long = Deno.env.get("TALKY_TEST_LONG") === "1";
const rounds = long ? 20 : 1;
/** Milliseconds. */
const lease = 1500;

/** A process that delivers. */
interface Instance extends AsyncDisposable {
  readonly holder: string;
  readonly child: Deno.ChildProcess;
}

async function startInstance(database: string): Promise<Instance> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-net", "--allow-env", "--allow-read", script],
    env: {
      DATABASE_URL: database,
      TALKY_SECRET: "a secret that is more than 32 bytes long",
      LEASE: String(lease),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await lines.read();
  await lines.cancel();
  return {
    holder: value.trim(),
    child,
    async [Symbol.asyncDispose]() {
      // One that is stopped ends as well.
      kill(child.pid, "SIGKILL");
      await child.status;
    },
  };
}

const script = fileURLToPath(new URL("instance.ts", import.meta.url));

Deno.test("two instances, the one that delivers is stopped or killed: nothing is skipped", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ options: null });
  let open = 0;
  let mostOpen = 0;
  receiver.behave(async () => {
    mostOpen = Math.max(mostOpen, ++open);
    // Long enough that signals come in the middle of it.
    await new Promise((resolve) => setTimeout(resolve, 30));
    open--;
    return 200;
  });
  await api.manage("POST", "/webhooks", { url: receiver.url, after: 0, batch_size: 5 });
  const instances = [await startInstance(api.url), await startInstance(api.url)];
  let newest = 0;
  const load = setInterval(
    () => void api.append(2).then((id) => newest = Math.max(newest, id)).catch(() => {}),
    20,
  );
  const holding = () =>
    until("one holds the lease", async () => {
      const [row] = await api.sql<{ holder: string | null }[]>`
        select holder from webhooks where lease_until > now()`;
      return instances.find(({ holder }) => holder === row?.holder);
    }, { timeout: 30_000 });
  const goesOn = async (what: string) => {
    const from = newest;
    await until(what, () => (receiver.accepted().at(-1) ?? 0) > from, { timeout: 60_000 });
  };
  try {
    await goesOn("the first deliver");
    for (let round = 0; round < rounds; round++) {
      const stopped = await holding();
      kill(stopped.child.pid, "SIGSTOP");
      await until("the other one has the lease", async () => await holding() !== stopped, {
        timeout: 30_000,
      });
      await goesOn("the other one delivers");
      kill(stopped.child.pid, "SIGCONT");
      await goesOn("it goes on when the first is back");

      const killed = await holding();
      await killed[Symbol.asyncDispose]();
      instances.splice(instances.indexOf(killed), 1, await startInstance(api.url));
      await goesOn("it goes on after a kill");
    }
    clearInterval(load);
    const last = await api.append(1);
    await until("all", () => receiver.accepted().at(-1) === last, { timeout: 60_000 });
    assertTold(receiver, await api.ids(), { late: true });
    assert.ok(mostOpen <= 2);
  } finally {
    clearInterval(load);
    for (const instance of instances) await instance[Symbol.asyncDispose]();
  }
});

Deno.test("a lease is one's own until it ends, and what is written after it is lost", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 5, options: null });
  const first = api.deliver({ leaseFor: 30_000 });
  await until("it delivers", async () => {
    await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
    return await until("it holds", () => first.status().held > 0, { timeout: 2000 });
  });
  await until("the history", () => receiver.accepted().length === 5);
  const second = api.deliver();
  let answer = () => {};
  receiver.behave(async ({ events }) => {
    if (events.length > 0) await new Promise<void>((resolve) => answer = resolve);
    return 200;
  });
  const newest = await api.append(1);
  await until("it is posted", () => receiver.received.at(-1)?.events[0] === newest);
  assert.equal(second.status().held, 0);
  // As if its lease had run out: the second takes it, the first notices and ends what it does.
  await api.sql`update webhooks set holder = ${second.status().holder}`;
  second.look();
  await until(
    "the second posts the same",
    () => receiver.received.filter(({ events }) => events[0] === newest).length === 2,
  );
  await until("the first has let go", () => first.status().held === 0);
  answer();
  await until("it is delivered", async () => {
    const [row] = await api.sql<[{ cursor: number }]>`select cursor from webhooks`;
    return row.cursor === newest;
  });
  await second.stop();
  receiver.behave(() => 200);
  const last = await api.append(1);
  await until(
    "the first goes on at once, for the second has given it back",
    () => receiver.accepted().at(-1) === last,
  );
  assertTold(receiver, await api.ids());
});
