/**
 * `DATABASE_URL` in every form that hosting companies hand out: libpq's (several hosts, Unix sockets, TLS by
 * `sslmode`), with the additions of Prisma, Rails, JDBC and asyncpg that end up in it, and with passwords that
 * nobody has encoded. What is asked for in it is done, or named; nothing is ignored in silence but what has no
 * effect here.
 *
 * @module
 */
import { type DatabaseAddress, type DatabaseHost, DatabaseUrlError, type Draft } from "./database_address.ts";
import { applyParameter } from "./url_parameters.ts";

/** Reads a URL. Throws {@link DatabaseUrlError}. */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  const rest = afterScheme(text);
  const { userinfo, hosts, path, query } = split(rest);
  const draft: Draft = {
    hosts: [],
    password: "",
    database: decode(path),
    tls: {},
    startup: {},
    writableOnly: false,
    pooled: false,
  };
  if (userinfo !== undefined) {
    const colon = userinfo.indexOf(":");
    draft.user = decode(colon < 0 ? userinfo : userinfo.slice(0, colon));
    draft.password = colon < 0 ? "" : decode(userinfo.slice(colon + 1));
  }
  const parameters = readQuery(query);
  // Before the @ there may be a name that only stands for the directory of a Unix socket, which comes after it.
  const list = parameters.get("hostaddr") ?? parameters.get("host") ?? hosts;
  draft.hosts = readHosts(list, parameters.get("port"));
  for (const [name, value] of parameters) applyParameter(draft, name, value);
  return finish(draft);
}

/** One host, or several with commas: `host`, `host:port`, `[::1]:port`, a Unix socket or its directory. */
function readHosts(list: string, ports = ""): DatabaseHost[] {
  const given = ports.split(",");
  return list.split(",").map((item, index) => {
    // Google's names of sockets have colons.
    const match = item.startsWith("/")
      ? [item, undefined, item]
      : /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*))(?::(\d*))?$/i.exec(item);
    const fallback = given[index] ?? (given.length === 1 ? given[0] : "");
    const name = decode(match?.[1] ?? match?.[2] ?? item) || "localhost";
    const port = readPort(match?.[3] || fallback || "5432");
    if (name.startsWith("/")) return { path: socketPath(name, port) };
    if (!match) {
      throw new DatabaseUrlError("a host in it is neither a name nor an address (IPv6 takes brackets)");
    }
    return { host: name, port };
  });
}

/** Reverses percent-encoding where it is one: `%` that begins none stands for itself. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/** A URL that may be shown: who, where, which. */
export function withoutPassword(text: string): string {
  const { user, hosts, database } = parseDatabaseUrl(text);
  const places = hosts.map((host) =>
    "path" in host ? encodeURIComponent(host.path) : `${host.host}:${host.port}`
  );
  return `postgres://${user === undefined ? "" : `${encodeURIComponent(user)}@`}${places.join()}/${database}`;
}

// ---

const example = "postgres://user:password@host/talky";

function afterScheme(text: string): string {
  // Quotes that a file's reader has left around it.
  const url = text.trim().replace(/^(["'])(.*)\1$/s, "$2");
  const scheme = /^postgres(?:ql)?(?:\+\w+)?:\/\//i.exec(url)?.[0];
  if (scheme) return url.slice(scheme.length);
  if (/^jdbc:/i.test(url)) throw new DatabaseUrlError(`it is JDBC's: leave out "jdbc:", and say ${example}`);
  if (/^psql\s/i.test(url)) throw new DatabaseUrlError(`it is a command: leave out "psql" and the quotes`);
  if (/^(?:\w+\s*=|server\s*=)/i.test(url)) {
    throw new DatabaseUrlError(`it is a list of key=value, and has to be a URL such as ${example}`);
  }
  throw new DatabaseUrlError(
    `it must be a URL that starts with postgres:// or postgresql://, such as ${example}`,
  );
}

interface Parts {
  readonly userinfo: string | undefined;
  readonly hosts: string;
  readonly path: string;
  readonly query: string;
}

/**
 * Takes the URL apart: by the standard, or, where that leaves something that is no list of hosts, at the last
 * `@` behind which there is one. The password then has `/`, `?`, `#` or `@` in it as it is.
 */
function split(rest: string): Parts {
  const authority = /^[^/?#]*/.exec(rest)![0];
  const standard = partsOf(rest, authority.lastIndexOf("@"));
  if (standard) return standard;
  for (let at = rest.lastIndexOf("@"); at > 0; at = rest.lastIndexOf("@", at - 1)) {
    const parts = partsOf(rest, at);
    if (parts) return parts;
  }
  throw new DatabaseUrlError(
    `it cannot be told apart into user, password, host and database, as in ${example} ` +
      "(characters such as @ / ? # % are written %40 %2F %3F %23 %25)",
  );
}

const behindUser = /^(?<hosts>[^/?#@]*)(?:\/(?<path>[^/?#@]*))?(?:\?(?<query>[^?#]*))?$/;
const hostList = /^(?:(?:[\w.%-]*|\[[0-9a-f:.]+\])(?::\d*)?(?:,|$))*$/i;
const parameterList = /^(?:[\w.-]+=[^&]*(?:&+|$))*$/;

function partsOf(rest: string, end: number): Parts | undefined {
  const groups = behindUser.exec(rest.slice(end + 1))?.groups;
  if (!groups) return undefined;
  const { hosts = "", path = "", query = "" } = groups;
  if (!hostList.test(hosts) || !parameterList.test(query)) return undefined;
  return { userinfo: end >= 0 ? rest.slice(0, end) : undefined, hosts, path, query };
}

function readQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split("&")) {
    if (!pair) continue;
    const equals = pair.indexOf("=");
    if (equals < 1) throw new DatabaseUrlError("behind its ? it takes name=value, joined by &");
    parameters.set(decode(pair.slice(0, equals)), decode(pair.slice(equals + 1).replaceAll("+", " ")));
  }
  return parameters;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65535) {
    throw new DatabaseUrlError("its port must be a whole number from 1 to 65535");
  }
  return port;
}

/** PostgreSQL's own name for its socket in a directory; a path that has it already is taken as it is. */
function socketPath(path: string, port: number): string {
  return /\/\.s\.PGSQL\.\d+$/.test(path) ? path : `${path.replace(/\/+$/, "")}/.s.PGSQL.${port}`;
}

function finish(draft: Draft): DatabaseAddress {
  const { channelBinding, withoutCertificate, tls, ...address } = draft;
  if (!address.database) throw new DatabaseUrlError(`it names no database, as in ${example}`);
  let mode = tls.mode ?? "prefer";
  // A file of who may sign is there to be held against, as libpq does.
  if (tls.ca && (mode === "prefer" || mode === "require")) mode = "verify-ca";
  if (channelBinding) {
    if (mode === "disable") {
      throw new DatabaseUrlError("channel_binding=require and sslmode=disable contradict each other");
    }
    // The driver has no channel binding. What it is for, that nobody sits in between, the certificate says too.
    mode = "verify-full";
  }
  if (tls.direct && (mode === "disable" || mode === "prefer")) {
    throw new DatabaseUrlError("sslnegotiation=direct takes sslmode=require, verify-ca or verify-full");
  }
  if (withoutCertificate) {
    delete tls.cert;
    delete tls.key;
  }
  if (!tls.cert !== !tls.key) {
    throw new DatabaseUrlError("sslcert and sslkey take each other; one file may stand for both");
  }
  return { ...address, tls: { direct: false, ...tls, mode } };
}
