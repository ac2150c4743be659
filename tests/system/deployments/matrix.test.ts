import { deriveKeys } from "../../../auth/keys.ts";
import { connect } from "../../../db/connect.ts";
import { prepareDatabase } from "../../../local/database.ts";
import { testDatabase } from "../../harness/database.ts";
import { testService } from "../../harness/service.ts";
import { makeCall } from "../../routes/a_call.ts";
import { rest } from "../conformance/rest.ts";
import { stream } from "../conformance/stream.ts";
import { targetAt } from "../conformance/target.ts";
import { installedVersion, startCluster } from "./cluster.ts";
import { startPgBouncer } from "./pgbouncer.ts";

/** A database, with the current schema, on one of the servers. */
const servers = {
  "18": async () => await testDatabase(),
  [installedVersion()]: async () => {
    const cluster = await startCluster();
    await prepareDatabase(cluster.url());
    const sql = connect(cluster.url(), { max: 5, name: "talky-test" });
    const dispose = async () => {
      await sql.end({ timeout: 1 });
      await cluster[Symbol.asyncDispose]();
    };
    return { url: cluster.url(), sql, [Symbol.asyncDispose]: dispose };
  },
};

/** A way to it. Transactions share fewer connections than the service alone would keep. */
const ways = {
  "direct": (url: string) => Promise.resolve({ url, [Symbol.asyncDispose]: () => Promise.resolve() }),
  "PgBouncer, session": (url: string) => pooled(url, "session", 60),
  "PgBouncer, transaction": (url: string) => pooled(url, "transaction", 3),
};

async function pooled(url: string, mode: "session" | "transaction", size: number) {
  const pgbouncer = await startPgBouncer({ url, mode, size });
  return {
    url: pgbouncer.through(url),
    [Symbol.asyncDispose]: () => pgbouncer[Symbol.asyncDispose](),
  };
}

/** Everything with TALKY_TEST_LONG; else the oldest server by the hardest way. */
const isShort = !Deno.env.get("TALKY_TEST_LONG");

for (const [version, prepare] of Object.entries(servers)) {
  for (const [way, lead] of Object.entries(ways)) {
    for (const count of [1, 2]) {
      const short = count === 2 && version !== "18" && way === "PgBouncer, transaction";
      Deno.test({
        name: `PostgreSQL ${version}, ${way}, ${
          count === 1 ? "one instance" : "two"
        }: REST and the stream conform`,
        ignore: isShort && !short,
        async fn(t) {
          await using database = await prepare();
          await using path = await lead(database.url);
          await makeCall(database.sql);
          const secret = crypto.randomUUID();
          await using stack = new AsyncDisposableStack();
          const urls: string[] = [];
          for (let i = 0; i < count; i++) {
            const env = { TALKY_SECRET: secret };
            urls.push(stack.use(await testService({ database: path, env })).url);
          }
          const target = targetAt(urls[0]!, await deriveKeys(secret), database.sql);
          // Wherever it is asked for, it is the next one's.
          let turn = 0;
          const spread = {
            ...target,
            get url() {
              return urls[turn++ % count]!;
            },
            request: (path: string, init?: RequestInit) =>
              targetAt(spread.url, keys, database.sql).request(path, init),
          };
          const keys = await deriveKeys(secret);
          for (const [promise, holds] of Object.entries({ ...rest, ...stream })) {
            await t.step(promise, () => holds(spread));
          }
          await t.step("a hundred requests at once", async () => {
            const answers = await Promise.all(
              Array.from({ length: 100 }, () => spread.request("/events?limit=100")),
            );
            for (const answer of answers) {
              await answer.body?.cancel();
              if (answer.status !== 200) throw new Error(`one is answered with ${answer.status}`);
            }
          });
        },
      });
    }
  }
}
