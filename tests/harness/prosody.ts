/**
 * A Prosody of one's own for a test: the same that `deno task start` brings, on a free port and in a
 * folder that goes with it. It is not started again when it dies; {@link TestProsody.restart} does that.
 *
 * @module
 */
import { deriveKeys, type Keys } from "../../auth/keys.ts";
import { readSettings } from "../../config.ts";
import type { ProsodyBounds } from "../../prosody/bounds.ts";
import type { ProsodyConfigOptions } from "../../prosody/config.ts";
import { requireProsody } from "../../local/install_prosody.ts";
import { freePort } from "../../local/ports.ts";
import { ended } from "../../local/process.ts";
import { startProsody } from "../../local/prosody.ts";
import { installedRelease, type ProsodyRelease } from "./prosody_releases.ts";

/** Bounds of Prosody for a test in which one client does what many would. */
export const many: ProsodyBounds = {
  talky_stanzas_per_second: 100_000,
  talky_outbox_session_rate: 1e9,
  talky_outbox_share_rate: 1e9,
};

/** A running Prosody. */
export interface TestProsody extends AsyncDisposable {
  readonly wsUrl: string;
  readonly domain: string;
  readonly port: number;
  /** What {@link TestProsody.keys} are derived from; the service under test needs the same. */
  readonly secret: string;
  readonly keys: Keys;
  readonly dataDir: string;
  /** Process id; another after each restart. */
  readonly pid: number;
  /** Has it take the keys of other secrets, as it runs. */
  rotate(secrets: readonly string[]): Promise<void>;
  /** Sends a signal and waits for the end. */
  kill(signal: Deno.Signal): Promise<void>;
  /** Ends it if it still runs, and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Starts one, of the installed release unless said otherwise. `overrides` change its configuration. */
export async function testProsody(
  overrides: Partial<ProsodyConfigOptions> = {},
  release: ProsodyRelease = installedRelease,
): Promise<TestProsody> {
  const dataDir = await Deno.makeTempDir({ prefix: "talky-prosody-" });
  const secret = crypto.randomUUID();
  const keys = await deriveKeys(secret);
  const port = freePort();
  const settings = readSettings({
    TALKY_DATA_DIR: dataDir,
    TALKY_PROSODY_PORT: String(port),
    TALKY_SECRET: secret,
    TALKY_XMPP_DOMAIN: "talky.test",
  });
  const program = release.program ?? await requireProsody(console.error);
  const launch = () => startProsody({ settings, keys, program, overrides, supervised: false });

  let prosody = await launch();
  const stop = async () => {
    await prosody.stop();
    await Deno.remove(dataDir, { recursive: true });
  };
  return {
    wsUrl: prosody.url,
    domain: settings.xmpp.domain,
    port,
    secret,
    keys,
    dataDir,
    get pid() {
      return prosody.pid;
    },
    rotate: async (secrets) => await prosody.reload(await deriveKeys(secrets)),
    async kill(signal) {
      Deno.kill(prosody.pid, signal);
      await ended(prosody.pid, 25);
    },
    async restart() {
      await prosody.stop();
      prosody = await launch();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
