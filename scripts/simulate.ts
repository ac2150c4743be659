/**
 * `deno task simulate`: real XMPP clients that create, use and end rooms against a running service. They
 * know what they cause, and print it: the numbers that the service's log must show.
 *
 * @module
 */
import { loadSettings } from "../runtime/deno/environment.ts";
import { runTask } from "../runtime/failure.ts";
import { ArgumentError, type Arguments, readArguments } from "../proof/simulate/options.ts";
import { showProgress } from "../proof/simulate/progress.ts";
import { simulate } from "../proof/simulate/simulation.ts";
import { summarise } from "../proof/simulate/summary.ts";
import { StopRequests } from "../local/stop_requests.ts";

/** Wrong arguments end the process with code 2, as wrong settings do. */
function readCommandLine(): Arguments {
  try {
    return readArguments(Deno.args, loadSettings().publicUrl);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    console.error(`talky: ${error.message}`);
    Deno.exit(2);
  }
}

async function run(options: Arguments, signal: AbortSignal): Promise<void> {
  const progress = options.json ? undefined : showProgress();
  try {
    const outcome = await simulate(options, { signal, ...progress && { onProgress: progress.show } });
    progress?.end();
    console.log(JSON.stringify(summarise(outcome), null, options.json ? 0 : 2));
  } catch (error) {
    progress?.end();
    throw error;
  }
}

if (import.meta.main) {
  await runTask(async () => {
    const requests = new StopRequests();
    const stop = new AbortController();
    requests.wait().then(() => stop.abort());
    await requests.orderly(run(readCommandLine(), stop.signal), () => Deno.exit(130));
    // The signal listeners would hold the process.
    Deno.exit(0);
  });
}
