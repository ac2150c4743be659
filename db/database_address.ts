/**
 * A database and the way to it, as a `DATABASE_URL` says them.
 *
 * @module
 */

/** Where one server listens. A path is the Unix socket itself. */
export type DatabaseHost = { readonly host: string; readonly port: number } | { readonly path: string };

/** How a connection is made secret, and what of the server's certificate is held against what. */
export interface DatabaseTls {
  /**
   * As libpq's `sslmode`: `prefer` takes TLS where there is some, `require` insists, `verify-ca` checks who signed
   * the certificate, `verify-full` the host's name in it as well.
   */
  readonly mode: "disable" | "prefer" | "require" | "verify-ca" | "verify-full";
  /** TLS from the first byte (`sslnegotiation=direct`, PostgreSQL 17 and later). */
  readonly direct: boolean;
  /** PEM files: who may sign the server's certificate (absent: whom the runtime trusts), and our own. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
}

/** A database and the way to it. Times in seconds. */
export interface DatabaseAddress {
  /** Tried in turn. */
  readonly hosts: readonly DatabaseHost[];
  /** Absent: who the process runs as. */
  readonly user?: string;
  readonly password: string;
  readonly database: string;
  readonly tls: DatabaseTls;
  /** Refuse a server that is read-only, rather than read from it until there is another. */
  readonly writableOnly: boolean;
  /** Statements are not prepared by name: a pooler hands a session's statements to several servers. */
  readonly pooled: boolean;
  /** Sent when a connection opens: `application_name`, `options`. */
  readonly startup: Readonly<Record<string, string>>;
  readonly connectTimeout?: number;
  /** Most connections, and how long to wait for one of them. */
  readonly poolSize?: number;
  readonly poolTimeout?: number;
}

/** The URL cannot be used. The message says why, and shows nothing of user and password. */
export class DatabaseUrlError extends Error {
  override name = "DatabaseUrlError";
}

/** While a URL is read. */
export interface Draft extends Partial<Omit<DatabaseAddress, "tls" | "startup">> {
  hosts: DatabaseHost[];
  user?: string;
  password: string;
  database: string;
  tls: { -readonly [name in keyof DatabaseTls]?: DatabaseTls[name] };
  startup: Record<string, string>;
  channelBinding?: boolean;
  /** Ours is not shown, though there is one. */
  withoutCertificate?: boolean;
  writableOnly: boolean;
  pooled: boolean;
  connectTimeout?: number;
  poolSize?: number;
  poolTimeout?: number;
}
