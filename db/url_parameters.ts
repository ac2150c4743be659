/**
 * What may stand behind the `?` of a `DATABASE_URL`, and what it does.
 *
 * @module
 */
import { type DatabaseTls, DatabaseUrlError, type Draft } from "./database_address.ts";

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

/**
 * These have no effect here, and need none: other drivers' caches and pools, plug-ins, and how TCP notices that
 * the other side is gone, for which every wait of ours has a deadline.
 */
const without = new Set([
  ...["supa", "workaround", "serverVersion", "charset", "uselibpqcompat", "fallback_application_name"],
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"],
  ...["single_use_connections", "max_idle_connection_lifetime", "max_connection_lifetime", "pool"],
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
  requiressl: (draft, value, name) => void (truth(value, name) && insist(draft, "require")),
  sslaccept(draft, value, name) {
    // Prisma's: it checks certificates only where this says so.
    if (value === "strict") insist(draft, "verify-full");
    else if (value !== "accept_invalid_certs") throw wrong(name, "strict or accept_invalid_certs");
  },
  sslrootcert(draft, value) {
    if (value === "system") insist(draft, "verify-full");
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

  sslcertmode(draft, value, name) {
    if (value !== "disable" && value !== "allow") throw wrong(name, "disable or allow");
    draft.withoutCertificate = value === "disable";
  },
  // What is done anyway may be asked for.
  sslcompression: only("0"),
  sslsni: only("1"),
  ssl_min_protocol_version: only("TLSv1", "TLSv1.1", "TLSv1.2"),
  ssl_max_protocol_version: only("TLSv1.3"),
  min_protocol_version: only("3.0"),
  max_protocol_version: only("3.0", "3.2", "latest"),
  gssencmode: only("disable", "prefer"),
  gssdelegation: only("0"),
  krbsrvname: unsupported,
  gsslib: unsupported,

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
  insist(draft, mode);
}

/** Of several parameters that say how safe it has to be the strictest counts, wherever it stands. */
function insist(draft: Draft, mode: DatabaseTls["mode"]): void {
  const { mode: sofar } = draft.tls;
  if (!sofar || strictness.indexOf(mode) > strictness.indexOf(sofar)) draft.tls.mode = mode;
}

const strictness: readonly DatabaseTls["mode"][] = [
  "disable",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
];

/** A parameter of libpq of which these values are what is done anyway. */
function only(...values: readonly string[]): Apply {
  return (_draft, value, name) => {
    if (!values.includes(value)) {
      throw new DatabaseUrlError(`${name}=${shown(value)} cannot be had here: leave it out`);
    }
  };
}

/** libpq's, and (after them) what node-postgres, JDBC and Rails say instead. */
const sslModes: Readonly<Record<string, DatabaseTls["mode"]>> = {
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
