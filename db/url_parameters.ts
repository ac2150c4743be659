/**
 * What may stand behind the `?` of a `DATABASE_URL`, and what it does.
 *
 * @module
 */
import { DatabaseUrlError, type Draft } from "./url.ts";

/** Does what a parameter asks for. Throws {@link DatabaseUrlError} for what cannot be done. */
export function applyParameter(draft: Draft, name: string, value: string): void {
  const apply = parameters[name];
  if (apply) return apply(draft, value, name);
  if (without.has(name)) return;
  const near = nearest(name);
  throw new DatabaseUrlError(`it has a parameter ${shown(name)} that is not known${near && `: ${near}?`}`);
}

// ---

type Apply = (draft: Draft, value: string, name: string) => void;

/** These have no effect here, and need none: other drivers' caches, plug-ins, and what libpq does by itself. */
const without = new Set([
  ...["supa", "workaround", "serverVersion", "charset", "uselibpqcompat", "sslcompression", "sslsni"],
  ...["gssencmode", "krbsrvname", "gsslib", "gssdelegation", "sslcertmode", "fallback_application_name"],
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"],
  ...["single_use_connections", "max_idle_connection_lifetime", "max_connection_lifetime", "pool"],
  ...["min_protocol_version", "max_protocol_version", "ssl_min_protocol_version", "ssl_max_protocol_version"],
]);

const parameters: Readonly<Record<string, Apply>> = {
  // Read before the others.
  host: () => {},
  hostaddr: () => {},
  port: () => {},
  user: (draft, value) => void (draft.user = value),
  password: (draft, value) => void (draft.password = value),
  dbname: (draft, value) => void (draft.database = value),
  database: (draft, value) => void (draft.database = value),

  sslmode: readSslMode,
  ssl: readSslMode,
  requiressl: (draft, value) => void (value === "1" && (draft.tls.mode = "require")),
  sslaccept(draft, value, name) {
    // Prisma's: it checks certificates only where this says so.
    if (value === "strict") draft.tls.mode = "verify-full";
    else if (value !== "accept_invalid_certs") throw wrong(name, "strict or accept_invalid_certs");
  },
  sslrootcert(draft, value) {
    if (value === "system") draft.tls.mode = "verify-full";
    else draft.tls.ca = value;
  },
  sslcert: (draft, value) => void (draft.tls.cert = value),
  sslkey: (draft, value) => void (draft.tls.key = value),
  sslpassword: (draft, value) => void (draft.tls.passphrase = value),
  sslnegotiation(draft, value, name) {
    if (value !== "direct" && value !== "postgres") throw wrong(name, "postgres or direct");
    draft.tls.direct = value === "direct";
  },
  channel_binding(draft, value, name) {
    if (!["disable", "prefer", "require"].includes(value)) throw wrong(name, "disable, prefer or require");
    draft.channelBinding = value === "require";
  },

  application_name: (draft, value) => void (draft.startup["application_name"] = value),
  options: (draft, value) => void (draft.startup["options"] = value),
  target_session_attrs(draft, value, name) {
    if (["read-only", "standby"].includes(value)) {
      throw new DatabaseUrlError(`${name}=${value} asks for a server that cannot be written to`);
    }
    if (!["any", "read-write", "primary", "prefer-standby"].includes(value)) {
      throw wrong(name, "any, read-write or primary");
    }
    draft.writableOnly = value === "read-write" || value === "primary";
  },
  load_balance_hosts(draft, value, name) {
    if (value !== "disable" && value !== "random") throw wrong(name, "disable or random");
    if (value === "random") draft.hosts.sort(() => Math.random() - 0.5);
  },
  client_encoding: requireUtf8,
  encoding: requireUtf8,
  schema: requirePublic,
  currentSchema: requirePublic,
  search_path: requirePublic,
  require_auth: unsupported,
  service: unsupported,
  passfile: unsupported,
  sslcrl: unsupported,
  sslcrldir: unsupported,
  sslidentity: unsupported,

  connect_timeout: (draft, value, name) => void (draft.connectTimeout = whole(value, name)),
  connection_limit: (draft, value, name) => void (draft.poolSize = whole(value, name)),
  max: (draft, value, name) => void (draft.poolSize = whole(value, name)),
  pool_size: (draft, value, name) => void (draft.poolSize = whole(value, name)),
  pool_timeout: (draft, value, name) => void (draft.poolTimeout = whole(value, name)),

  pgbouncer: (draft, value, name) => void (draft.pooled ||= truth(value, name)),
  prepare: (draft, value, name) => void (draft.pooled ||= !truth(value, name)),
  prepared_statements: (draft, value, name) => void (draft.pooled ||= !truth(value, name)),
  statement_cache_size: (draft, value) => void (draft.pooled ||= value === "0"),
  prepareThreshold: (draft, value) => void (draft.pooled ||= value === "0"),
};

function readSslMode(draft: Draft, value: string, name: string): void {
  const mode = sslModes[value.toLowerCase()];
  if (!mode) throw wrong(name, "disable, allow, prefer, require, verify-ca or verify-full");
  draft.tls.mode = mode;
}

/** libpq's, and (after them) what node-postgres, JDBC and Rails say instead. */
const sslModes: Readonly<Record<string, NonNullable<Draft["tls"]["mode"]>>> = {
  "disable": "disable",
  // Without TLS first, and with it where that is refused: the other way round is no worse.
  "allow": "prefer",
  "prefer": "prefer",
  "require": "require",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
  "verify_identity": "verify-full",
  "no-verify": "require",
  "true": "require",
  "1": "require",
  "false": "disable",
  "0": "disable",
};

function requireUtf8(_draft: Draft, value: string, name: string): void {
  if (!/^(utf-?8|unicode|auto)$/i.test(value)) throw wrong(name, "UTF8");
}

function requirePublic(_draft: Draft, value: string, name: string): void {
  if (!/^("?\$user"?\s*,\s*)?public$/.test(value)) {
    throw new DatabaseUrlError(
      `${name}=${
        shown(value)
      } cannot be had: the tables are in "public"; give the service a database of its own`,
    );
  }
}

function unsupported(_draft: Draft, _value: string, name: string): never {
  throw new DatabaseUrlError(`${name} is libpq's, and cannot be had here`);
}

function truth(value: string, name: string): boolean {
  if (/^(true|1|on|yes)$/i.test(value)) return true;
  if (/^(false|0|off|no)$/i.test(value)) return false;
  throw wrong(name, "true or false");
}

function whole(value: string, name: string): number {
  if (!/^\d{1,6}$/.test(value)) throw wrong(name, "a whole number");
  return Number(value);
}

function wrong(name: string, takes: string): DatabaseUrlError {
  return new DatabaseUrlError(`its ${name} takes ${takes}`);
}

/** A part of a password that was taken for a name would be long or strange. */
function shown(text: string): string {
  return /^[\w."$, -]{1,40}$/.test(text) ? text : "(not shown)";
}

/** The parameter that was meant, by letters and case. */
function nearest(name: string): string {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, "");
  return Object.keys(parameters).find((known) => plain(known) === plain(name)) ?? "";
}
