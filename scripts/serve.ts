/**
 * `deno task serve`: the API alone, on the configured PostgreSQL and Prosody, until a signal ends it.
 *
 * @module
 */
import { configureLogging } from "../runtime/logging.ts";
import { run } from "../main.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { runTask } from "../runtime/failure.ts";

if (import.meta.main) {
  await runTask(async () => {
    const settings = loadSettings();
    await configureLogging(settings);
    const service = await run(settings);
    const stop = async () => {
      await service.stop();
      Deno.exit(0);
    };
    Deno.addSignalListener("SIGTERM", stop);
    Deno.addSignalListener("SIGINT", stop);
  });
}
