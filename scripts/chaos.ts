/**
 * `deno task chaos`: everything of our own, people in rooms, and fault after fault. Ends with a report, and
 * with an exit code other than 0 when anything is lost, doubled or out of order.
 *
 * @module
 */
import { chaos, type ChaosOptions, isWell } from "../proof/chaos/chaos.ts";
import { readArguments } from "../proof/chaos/options.ts";
import { setStage } from "../proof/chaos/stage.ts";
import { tableOf } from "../proof/chaos/table.ts";
import { runTask } from "../runtime/failure.ts";
import { ArgumentError } from "../proof/simulate/options.ts";
import { StopRequests } from "../local/stop_requests.ts";

const say = (line: string) => console.error(`talky: ${line}`);

/** Wrong arguments end the process with code 2, as wrong settings do. */
function readCommandLine(): ChaosOptions {
  try {
    return readArguments(Deno.args);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    say(error.message);
    Deno.exit(2);
  }
}

/** Returns whether everything held. */
async function run(options: ChaosOptions, signal: AbortSignal): Promise<boolean> {
  await using stage = await setStage(say);
  say(
    `seed ${options.seed}, ${options.rooms} rooms of ${options.people}, ${options.readers} readers, ${options.minutes} minutes`,
  );
  const report = await chaos(stage, options, { signal, say });
  console.log(JSON.stringify(report));
  console.error(`\n${tableOf(report)}`);
  return isWell(report);
}

if (import.meta.main) {
  await runTask(async () => {
    const options = readCommandLine();
    const stop = new AbortController();
    new StopRequests().wait().then(() => stop.abort());
    Deno.exit(await run(options, stop.signal) ? 0 : 1);
  });
}
