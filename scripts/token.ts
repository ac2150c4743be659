/**
 * `deno task token`: prints a token for people and programs that use the API as operators, and nothing
 * else, so that it can stand in `$(deno task --quiet token)`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { deriveKeys } from "../auth/keys.ts";
import { type Scope, scopes, signOperatorToken } from "../auth/operator.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";
import { secretOf } from "../local/secret.ts";

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

function parseScope(text: string): Scope {
  const scope = scopes.find((name) => name === text);
  if (!scope) throw new Failure(`--scope is wrong: got "${text}"; it takes ${scopes.join(", ")}`);
  return scope;
}

/** Seconds of a duration such as `30d`. */
function parseDuration(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (!count) {
    throw new Failure(`--expires is wrong: got "${text}"; it takes a number and s, m, h or d, such as 30d`);
  }
  return Number(count) * seconds[unit as keyof typeof seconds];
}

function readArguments() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        scope: { type: "string", default: "read" },
        expires: { type: "string", default: "30d" },
      },
    }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message} (takes --scope ${scopes.join("|")} and --expires 30d)`);
  }
}

if (import.meta.main) {
  await runTask(async () => {
    const { scope, expires } = readArguments();
    const lifetime = parseDuration(expires);
    const keys = await deriveKeys(await secretOf(loadSettings()));
    console.log(await signOperatorToken(keys, parseScope(scope), lifetime));
  });
}
