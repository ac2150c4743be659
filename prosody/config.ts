/**
 * Prosody's configuration, generated: the local Prosody of `deno task start` and of the tests, and the
 * ground a production configuration is built on. What the `talky_*` options mean is said on top of each
 * module in `modules/`.
 *
 * @module
 */
import { maxStanzaBytes, xmppHosts } from "../config.ts";
import { boundLines, type ProsodyBounds } from "./bounds.ts";

/** What differs between one Prosody and another. Paths are absolute. */
export interface ProsodyConfigOptions {
  /** The hosts are `users.`, `guests.` and `rooms.` of this. */
  readonly domain: string;
  /** Where Prosody keeps its outbox; must exist. */
  readonly dataDir: string;
  /** This folder's `modules/`. */
  readonly modulesDir: string;
  /** WebSocket at `/xmpp-websocket`, in the clear: a proxy in front, or the API's relay, brings TLS. */
  readonly httpPort: number;
  /** Default: 127.0.0.1. */
  readonly httpInterface?: string;
  /** The same WebSocket over TLS, on every interface, for clients that ask for `host`. */
  readonly https?: {
    readonly host: string;
    readonly port: number;
    /** PEM files that Prosody's user can read. */
    readonly certificate: string;
    readonly key: string;
  };
  /** What credentials may be signed with, as `sessionKeyTexts` gives them. */
  readonly sessionKeys: readonly string[];
  /** Names this Prosody among those the API reads. Default: the machine's name. */
  readonly source?: string;
  /** Prosody refuses to run as root unless told so. Default: false. */
  readonly runAsRoot?: boolean;
  /** Whether records hold the text of messages. Default: false. */
  readonly messageBodies?: boolean;
  /** What the outbox may take on disk before nothing new begins. Default: 256 MiB. */
  readonly outboxMaxBytes?: number;
  /** Milliseconds after which the outbox is forced to disk at the latest. Default: 50. */
  readonly outboxSyncMs?: number;
  /** Seconds of silence after which a client is asked, and after as many more dropped. Default: 55. */
  readonly readTimeout?: number;
  /** How much clients may take, where it is otherwise than by default. */
  readonly bounds?: ProsodyBounds;
  /** Default: info. */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  /** Modules for the rooms' host beside ours, and the folder they are in. Default: none. */
  readonly moreModules?: {
    readonly folder: string;
    readonly rooms: readonly string[];
    /** What clients may ask of them, as `get NAMESPACE NAME`. Default: nothing. */
    readonly requests?: readonly string[];
  };
  /** Where Prosody writes its process id. Default: nowhere. */
  readonly pidfile?: string;
}

/** The text of a `prosody.cfg.lua`. Run it with `prosody --config FILE -F`. */
export function prosodyConfig(options: ProsodyConfigOptions): string {
  const hosts = xmppHosts(options.domain);
  const more = options.moreModules;
  return `-- Prosody for Talky Core API, generated from its settings by prosody/config.ts: change it there.
-- It holds a key: only Prosody's user may read it.

---- Process

data_path = ${lua(options.dataDir)}
plugin_paths = { ${[options.modulesDir, ...more ? [more.folder] : []].map(lua).join(", ")} }
${options.pidfile === undefined ? "" : `pidfile = ${lua(options.pidfile)}\n`}\
run_as_root = ${lua(options.runAsRoot ?? false)}
log = { { levels = { min = ${lua(options.logLevel ?? "info")} }, to = "console" } }

-- Nothing but the outbox outlives the process: rooms live in memory.
storage = "memory"

${network(options, hosts.guests)}

---- Modules

modules_enabled = {
  "disco", "limits", "ping", "saslauth", "talky_connections", "talky_frames", "talky_throttle", "websocket"
}
-- Calls need no rosters: mod_talky_presence takes the place of presence (ADR 18).
modules_disabled = { "offline", "presence", "s2s", "s2s_auth_certs" }

---- Talky (prosody/README.md)

authentication = "talky"
talky_session_key = ${list(options.sessionKeys)}
${options.source === undefined ? "" : `talky_source = ${lua(options.source)}\n`}\
${options.outboxMaxBytes === undefined ? "" : `talky_outbox_max_bytes = ${lua(options.outboxMaxBytes)}\n`}\
${options.outboxSyncMs === undefined ? "" : `talky_outbox_sync_ms = ${lua(options.outboxSyncMs)}\n`}\

---- How much clients may take (prosody/README.md, "Bounds"). Behind a proxy on another machine all have its address,
---- unless trusted_proxies names it.

${boundLines(options.bounds)}

---- Hosts: registered users, guests, and the rooms they meet in

${[hosts.users, hosts.guests].map((host) => virtualHost(host, hosts.rooms, more?.requests)).join("\n\n")}

${rooms(options, hosts.rooms)}
`;
}

// ---

/** The host of the rooms. */
function rooms(options: ProsodyConfigOptions, host: string): string {
  const roomModules = [
    "talky_guard",
    "talky_admission",
    "talky_identity",
    "talky_rooms",
    "talky_capture",
    "talky_ownership",
    ...options.moreModules?.rooms ?? [],
  ];
  return `Component ${lua(host)} "muc"
  name = "Talky rooms"
  modules_enabled = { ${roomModules.map(lua).join(", ")} }
  talky_message_bodies = ${lua(options.messageBodies ?? false)}
  -- Anyone may create a room. It opens at once, is not listed, and ends with its last occupant.
  restrict_room_creation = false
  muc_room_locking = false
  -- Of what Prosody 13 has otherwise than 0.12: no room is an administrator's, none has an avatar.
  component_admins_as_room_owners = false
  muc_vcard = false
  muc_room_default_public = false
  muc_room_allow_public = false
  muc_room_default_persistent = false
  muc_room_allow_persistent = false
  -- No messages from before one's time.
  max_history_messages = 0
  muc_room_default_history_length = 0
  -- How many rooms are live before the idlest is written to storage: more than fit one process.
  muc_room_cache_size = 100000`;
}

/** How clients come in, and how much of it. `host` is the one that has the WebSocket. */
function network(options: ProsodyConfigOptions, host: string): string {
  return `---- Network: the WebSocket and nothing else

http_ports = { ${lua(options.httpPort)} }
http_interfaces = { ${lua(options.httpInterface ?? "127.0.0.1")} }
${https(options.https)}
c2s_ports = {}
s2s_ports = {}

-- Whatever name the client or the proxy called us by. The stream's 'to' picks the XMPP host.
http_default_host = ${lua(host)}

-- None are looked for, but Prosody complains of a folder that is not there.
certificates = ${lua(options.dataDir)}

-- TLS, a proxy or the loopback interface protects the connection.
consider_websocket_secure = true
c2s_require_encryption = false

network_settings = {
  -- mod_talky_sessions asks clients that are silent for longer, and drops those that stay silent.
  read_timeout = ${lua(options.readTimeout ?? 55)};
  -- Stanzas are small and wanted soon.
  nagle = false;
}

-- A longer one is answered with an error (mod_talky_frames).
c2s_stanza_size_limit = ${maxStanzaBytes}

-- Far above what a client sends in a call; stops floods. So does mod_talky_throttle, by stanzas.
limits = { c2s = { rate = "1mb/s", burst = "10s" } }
-- Who has not logged in by then is let go.
c2s_timeout = 30`;
}

function https(options: ProsodyConfigOptions["https"]): string {
  if (!options) return "https_ports = {}";
  const { host, port, certificate, key } = options;
  return `https_ports = { ${lua(port)} }
https_interfaces = { "*", "::" }
-- Clients that ask for another name than this are refused.
https_host = ${lua(host)}
https_ssl = { certificate = ${lua(certificate)}, key = ${lua(key)} }`;
}

const clientModules = [
  "talky_allowlist",
  "talky_guard",
  "talky_admission",
  "talky_customer_data",
  "talky_presence",
  "talky_sessions",
];

function virtualHost(host: string, rooms: string, requests: readonly string[] = []): string {
  return `VirtualHost ${lua(host)}
  modules_enabled = { ${clientModules.map(lua).join(", ")} }
  talky_rooms_host = ${lua(rooms)}
${requests.length === 0 ? "" : `  talky_allowed_requests = { ${requests.map(lua).join(", ")} }\n`}\
  disco_items = { { ${lua(rooms)}, "Talky rooms" } }`;
}

/** One value as it is, several as a list. */
function list(values: readonly string[]): string {
  const [first = "", ...rest] = values.map(lua);
  return rest.length === 0 ? first : `{ ${[first, ...rest].join(", ")} }`;
}

/** A value as Lua source. */
function lua(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const escaped = value.replace(
    /[\\"\r\n]/g,
    (character) => `\\${character.charCodeAt(0).toString().padStart(3, "0")}`,
  );
  return `"${escaped}"`;
}
