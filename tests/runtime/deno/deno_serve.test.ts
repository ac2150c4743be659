import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../local/ports.ts";
import { testDatabase } from "../../harness/database.ts";
import { until } from "../../harness/wait.ts";

const main = fileURLToPath(new URL("../../../main.ts", import.meta.url));
const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));

Deno.test("the service runs under `deno serve`, alone and in parallel, and ends in good order", async () => {
  await using database = await testDatabase();
  for (const mode of [[], ["--parallel"]]) {
    const port = freePort();
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["serve", "--no-prompt", "--allow-net", "--allow-env", "--allow-read", `--config=${config}`],
        ...[...mode, "--host=127.0.0.1", `--port=${port}`, main],
      ],
      cwd: "/",
      env: {
        DATABASE_URL: database.url,
        TALKY_SECRET: crypto.randomUUID(),
        TALKY_XMPP_URL: `ws://127.0.0.1:${freePort()}/xmpp-websocket`,
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await until("it answers", async () => {
        const { checks } = await (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
        return checks.database.ok;
      });
    } finally {
      child.kill("SIGTERM");
    }
    assert.equal((await child.status).code, 0);
  }
});
