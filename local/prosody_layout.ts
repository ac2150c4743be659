/**
 * Where the system's own Prosody keeps its things (Debian's package, Homebrew's, one built from source),
 * and the configuration that fits there.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Keys, sessionKeyTexts } from "../auth/keys.ts";
import type { Settings } from "../config.ts";
import { prosodyConfig } from "../prosody/config.ts";
import { findProgram } from "./find_program.ts";

/** Paths of a system's Prosody. */
export interface ProsodyLayout {
  readonly config: string;
  readonly dataDir: string;
  /** Only where the service manager makes a folder for it. */
  readonly pidfile?: string;
}

/** This project's Lua modules. */
export const modulesDir = fileURLToPath(new URL("../prosody/modules", import.meta.url));

/** The layout of the Prosody that is installed here; without one, of the one this system would install. */
export async function findLayout(): Promise<ProsodyLayout> {
  const program = await findProgram("prosody");
  const launcher = program ? await Deno.readTextFile(program).catch(() => "") : "";
  const configDir = /^CFG_CONFIGDIR\s*=\s*['"](\/.*?)['"]/m.exec(launcher)?.[1];
  if (configDir) return layoutOf(configDir);
  const homebrew = Deno.build.arch === "aarch64" ? "/opt/homebrew" : "/usr/local";
  return layoutOf(`${Deno.build.os === "darwin" ? homebrew : ""}/etc/prosody`);
}

/** The layout that goes with a folder of configuration: everything lies under the same prefix. */
export function layoutOf(configDir: string): ProsodyLayout {
  const prefix = configDir.replace(/\/etc\/prosody\/?$/, "");
  return {
    config: join(configDir, "prosody.cfg.lua"),
    dataDir: `${prefix}/var/lib/prosody`,
    ...prefix === "" && { pidfile: "/run/prosody/prosody.pid" },
  };
}

/** The configuration for a layout. */
export function systemConfig(settings: Settings, keys: Keys, layout: ProsodyLayout, source?: string): string {
  const { xmpp, tls, logLevel } = settings;
  const told = new URL(xmpp.publicUrl);
  return prosodyConfig({
    domain: xmpp.domain,
    dataDir: layout.dataDir,
    modulesDir,
    ...listenFor(xmpp),
    // Who has a certificate and says where Prosody's wss: is wants Prosody to serve it.
    ...tls && told.protocol === "wss:" && !xmpp.relayed && {
      https: {
        host: told.hostname,
        port: Number(told.port || 443),
        certificate: resolve(tls.cert),
        key: resolve(tls.key),
      },
    },
    sessionKeys: sessionKeyTexts(keys),
    messageBodies: settings.messageBodies,
    outboxMaxBytes: xmpp.outboxMaxBytes,
    outboxSyncMs: xmpp.outboxSyncMs,
    logLevel: logLevel === "warning" ? "warn" : logLevel,
    ...layout.pidfile !== undefined && { pidfile: layout.pidfile },
    ...source !== undefined && { source },
  });
}

/** The nearest folder on the way to a path that others than its owner may not enter. */
export async function unreadableFolder(path: string): Promise<string | undefined> {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    const { mode } = await Deno.stat(folder);
    if (((mode ?? 0) & 0o005) !== 0o005) return folder;
  }
}

// ---

/** Where the API looks for Prosody, there it listens; on the loopback interface unless that is elsewhere. */
function listenFor(xmpp: Settings["xmpp"]): { httpPort: number; httpInterface: string } {
  const url = xmpp.url === undefined ? undefined : new URL(xmpp.url);
  if (url?.protocol !== "ws:") return { httpPort: xmpp.port, httpInterface: "127.0.0.1" };
  const local = /^(localhost|127\..*|\[::1\])$/.test(url.hostname);
  return { httpPort: Number(url.port || 80), httpInterface: local ? "127.0.0.1" : "*" };
}
