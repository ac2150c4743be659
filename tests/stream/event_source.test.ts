import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cuttingProxy } from "../harness/cutting_proxy.ts";
import { until } from "../harness/wait.ts";
import { testApi } from "../routes/api.ts";

/** A reader, and what it has had so far. */
interface Reader extends AsyncDisposable {
  readonly ids: readonly number[];
}

/** One of npm's libraries, in a process of its own. */
function npmReader(library: string): (url: string, token: string) => Reader {
  const script = fileURLToPath(new URL("event_source_reader.mjs", import.meta.url));
  return (url, token) => {
    const args = [script, library, url, token];
    // What they complain of is that connections are cut.
    const child = new Deno.Command("node", { args, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
    const ids: number[] = [];
    const reading = (async () => {
      let text = "";
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
        const lines = (text + chunk).split("\n");
        text = lines.pop()!;
        ids.push(...lines.filter((line) => /^\d+$/.test(line)).map(Number));
      }
    })();
    return {
      ids,
      async [Symbol.asyncDispose]() {
        child.kill("SIGKILL");
        await Promise.all([reading, child.status]);
      },
    };
  };
}

/** The runtime's own, which is a browser's. */
function ownReader(url: string, token: string): Reader {
  const source = new EventSource(`${url}&access_token=${token}`);
  const ids: number[] = [];
  source.onmessage = ({ data }) => ids.push(JSON.parse(data).id);
  return {
    ids,
    [Symbol.asyncDispose]() {
      source.close();
      return Promise.resolve();
    },
  };
}

const readers = {
  "eventsource": npmReader("eventsource"),
  "event-source-polyfill": npmReader("event-source-polyfill"),
  "undici": npmReader("undici"),
  "the runtime's": ownReader,
};

const [lifetime, cutsWanted] = Deno.env.get("TALKY_TEST_LONG") ? [3000, 20] : [500, 3];

Deno.test({
  name: "EventSource libraries have every event once and in order, their connections cut again and again",
  // The runtime's keeps a timer for a while.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using api = await testApi({ events: 300 });
    const server = Number(new URL(await api.serve()).port);
    await using stack = new AsyncDisposableStack();
    const all = Object.entries(readers).map(([name, open]) => {
      const proxy = stack.use(cuttingProxy(server, lifetime));
      return { name, proxy, reader: stack.use(open(`${proxy.url}/stream?after=0`, api.token)) };
    });
    let newest = 0;
    await until("every reader was cut often enough, while it read", async () => {
      newest = await api.append(5);
      await delay(75);
      const late = all.filter(({ proxy, reader }) => proxy.cuts < cutsWanted || reader.ids.length <= 300);
      return late.length === 0;
    }, { timeout: 180_000 });
    for (const { proxy } of all) proxy.rest();
    const expected = await api.ids();
    for (const { name, reader } of all) {
      await until(`${name} has the newest`, () => reader.ids.at(-1) === newest, { timeout: 60_000 });
      assert.deepEqual(reader.ids, expected, name);
    }
  },
});
