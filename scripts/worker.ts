/**
 * `deno task worker:build`: bundles the Worker into `dist/worker.mjs`. `deno task worker:dev`: runs it on
 * its real runtime, against the configured or the embedded database; with `--ingest`, ingest as well.
 *
 * @module
 */
import { settingNames } from "../config.ts";
import { prosodyUrl } from "../runtime/assemble.ts";
import { prepareDatabase, withDatabase } from "../local/database.ts";
import { loadEnvironment, loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";
import { secretsOf } from "../local/secret.ts";
import { bundleWorker, startWorkerd } from "../local/workerd.ts";
import { StopRequests } from "../local/stop_requests.ts";

const output = "dist/worker.mjs";

const tasks: Record<string, () => Promise<void>> = {
  async build() {
    const size = await bundleWorker(output);
    console.log(`${output}: ${(size / 1024).toFixed(0)} KiB, nothing of Deno in it`);
  },

  async dev() {
    await tasks["build"]!();
    const settings = loadSettings();
    const requests = new StopRequests();
    await withDatabase(settings, async (databaseUrl) => {
      for (const done of await prepareDatabase(databaseUrl)) console.log(`database: ${done}`);
      const { host, port, publicUrl } = settings;
      const began = performance.now();
      await using worker = await startWorkerd({
        script: output,
        settings: {
          ...givenSettings(),
          DATABASE_URL: databaseUrl,
          TALKY_ENV: "production",
          TALKY_PUBLIC_URL: publicUrl,
          TALKY_SECRET: (await secretsOf(settings)).join(","),
          TALKY_XMPP_URL: prosodyUrl(settings),
          TALKY_XMPP_PUBLIC_URL: settings.xmpp.publicUrl,
        },
        ingest: Deno.args.includes("--ingest"),
        host,
        port,
      });
      const milliseconds = (performance.now() - began).toFixed(0);
      console.log(`the Worker is up at ${worker.url} (${milliseconds} ms from start to first answer)`);
      await requests.wait();
    });
  },
};

function givenSettings(): Record<string, string> {
  const environment = loadEnvironment();
  return Object.fromEntries(
    settingNames.flatMap((name) => environment[name] ? [[name, environment[name]]] : []),
  );
}

if (import.meta.main) {
  await runTask(async () => {
    const task = tasks[Deno.args[0] ?? ""];
    if (!task) throw new Failure(`takes one of ${Object.keys(tasks).join(", ")}`);
    await task();
    Deno.exit(0);
  });
}
