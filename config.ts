/**
 * Every setting of the service: its name, default, meaning and check, in one place. Pure: reads the
 * environment it is given, so it serves Deno and Workers alike. `.env.example` is generated from
 * the same list (a test compares them).
 *
 * @module
 */
import { z } from "zod";
import { type LimitSettings, limitSettings, readLimits } from "./config_limits.ts";
import { type QualitySettings, qualitySettings, readQuality } from "./config_quality.ts";
import { readWebhooks, type WebhookSettings, webhookSettings } from "./config_webhooks.ts";
import { parseDatabaseUrl } from "./db/url.ts";

export type { LimitSettings, QualitySettings, WebhookSettings };

const bytes = (least: number) =>
  z.string().refine((value) => /^\d{1,15}$/.test(value) && Number(value) >= least, {
    error: `must be a whole number of bytes, ${least} or more`,
  }).transform(Number);
const milliseconds = (most: number) =>
  z.string().refine((value) => /^\d{1,15}$/.test(value) && Number(value) <= most, {
    error: `must be a whole number of milliseconds, ${most} or less`,
  }).transform(Number);
const flag = z.enum(["on", "off"], { error: "must be on or off" }).transform((value) => value === "on");
const port = z.string().refine(
  (value) => /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535,
  {
    error: "must be a whole number from 1 to 65535",
  },
).transform(Number);
const url = (...protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    error: `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`,
  });
/** Secrets, separated by commas: the first signs, all verify. */
const secrets = z.string().transform((value) => value.split(",").map((part) => part.trim()))
  .refine((parts) => parts.every((part) => new TextEncoder().encode(part).length >= 32), {
    error: "must be at least 32 bytes long, each of several that commas separate (try: openssl rand -hex 32)",
  }).refine((parts) => parts.length <= 4, { error: "takes at most 4, separated by commas" });
const host = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "must be a host name in lower case");

/** One ICE server: `scheme:host[:port][?transport=udp|tcp]` (RFC 7064, RFC 7065), several with commas. */
const iceServers = (...schemes: string[]) =>
  z.string().transform((value, context): IceServerAddress[] => {
    const servers = value.split(",").map((part) => iceServer.exec(part.trim())?.groups);
    if (!servers.every((server) => server && schemes.includes(server["type"]!))) {
      context.addIssue(`must be ${schemes[0]}:host:port (or ${schemes[1]}:), several separated by commas`);
      return z.NEVER;
    }
    return servers.map((server) => ({
      type: server!["type"]!,
      host: server!["host"]!,
      port: server!["port"] ?? (server!["type"]!.endsWith("s") ? "5349" : "3478"),
      ...(server!["transport"] && { transport: server!["transport"] }),
    }));
  });
const iceServer =
  /^(?<type>stuns?|turns?):(?<host>[^:?,\s[\]]+|\[[0-9a-f:]+\])(:(?<port>\d{1,5}))?(\?transport=(?<transport>udp|tcp))?$/;

const schema = z.object({
  TALKY_ENV: z.enum(["development", "production"], { error: "must be development or production" }).default(
    "development",
  ),
  PORT: port.default(8001),
  HOST: z.string().min(1).default("127.0.0.1"),
  DATABASE_URL: z.string().superRefine((value, context) => {
    try {
      parseDatabaseUrl(value);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  }).optional(),
  TALKY_DATABASE_TIMEOUT: z.string().regex(
    /^[1-9]\d{0,3}$/,
    "must be a whole number of seconds, from 1 to 9999",
  )
    .transform(Number).default(15),
  TALKY_PUBLIC_URL: url("http:", "https:").optional(),
  TALKY_DATA_DIR: z.string().min(1).default(".data"),
  TALKY_SECRET: secrets.optional(),
  TALKY_XMPP_DOMAIN: host.default("talky-api.local"),
  TALKY_XMPP_URL: url("ws:", "wss:").optional(),
  TALKY_XMPP_PUBLIC_URL: url("ws:", "wss:").optional(),
  TALKY_PROSODY_PORT: port.default(5280),
  TALKY_OUTBOX_MAX_BYTES: bytes(2 ** 20).default(256 * 2 ** 20),
  TALKY_OUTBOX_SYNC_MS: milliseconds(60_000).default(50),
  TALKY_APP_KEY: secrets.optional(),
  TALKY_APP_AUDIENCE: z.string().min(1).max(255).optional(),
  TALKY_ACCESS_TOKEN_IN_QUERY: flag.optional(),
  TALKY_STUN: iceServers("stun", "stuns").optional(),
  TALKY_TURN: iceServers("turn", "turns").optional(),
  TALKY_TURN_SECRET: z.string().min(1).optional(),
  TALKY_TLS_CERT: z.string().min(1).optional(),
  TALKY_TLS_KEY: z.string().min(1).optional(),
  TALKY_HSTS: z.enum(["off", "on", "subdomains"], { error: "must be off, on or subdomains" }).default("on"),
  TALKY_MESSAGE_BODIES: flag.default(false),
  TALKY_HEALTH_DETAILS: z.enum(["anyone", "operators"], { error: "must be anyone or operators" }).default(
    "anyone",
  ),
  TALKY_RETENTION_DAYS: z.string().regex(/^[1-9]\d{0,4}$/, "must be a whole number of days, from 1 to 99999")
    .transform(Number).optional(),
  TALKY_DEMO: flag.optional(),
  ...limitSettings,
  ...qualitySettings,
  ...webhookSettings,
  LOG_LEVEL: z.enum(["debug", "info", "warning", "error"], { error: "must be debug, info, warning or error" })
    .default("info"),
});

/** Names of the settings, in the order of `.env.example`. */
export const settingNames = Object.keys(schema.shape) as (keyof typeof schema.shape)[];

/** Settings whose values must not be shown, not even in an error. */
const secretNames = new Set<string>([
  "DATABASE_URL",
  "TALKY_SECRET",
  "TALKY_APP_KEY",
  "TALKY_TURN_SECRET",
]);

/** Where an ICE server is, in the shape that the SDK reads. */
export interface IceServerAddress {
  readonly type: string;
  readonly host: string;
  readonly port: string;
  readonly transport?: string;
}

/** The service's settings, checked. */
export interface Settings {
  readonly production: boolean;
  /** Address and port that HTTP is served on. */
  readonly host: string;
  readonly port: number;
  /** Absent: `deno task start` brings an embedded PostgreSQL; every other task needs it. */
  readonly databaseUrl: string | undefined;
  /** How long a statement may take, in seconds. */
  readonly databaseTimeout: number;
  /** Where clients reach the API; without a slash at the end. */
  readonly publicUrl: string;
  /** Folder of what the local services keep: database, Prosody, secret. */
  readonly dataDir: string;
  /**
   * Each of at least 32 bytes: the first signs, all verify. None only in development, where `start` generates and
   * keeps one.
   */
  readonly secrets: readonly string[];
  readonly xmpp: {
    readonly domain: string;
    /** WebSocket the API itself connects to; absent: the local Prosody. */
    readonly url: string | undefined;
    /** WebSocket that clients are told; default: the local Prosody, by the public URL's host. */
    readonly publicUrl: string;
    /** Clients come by TLS and Prosody has none: they are told a path of the API, which passes it on. */
    readonly relayed: boolean;
    /** Port of the local Prosody's HTTP and WebSocket. */
    readonly port: number;
    /** What Prosody's outbox may take on disk before nothing new begins (ADR 0008). */
    readonly outboxMaxBytes: number;
    /** Milliseconds after which what Prosody has written down is forced to disk at the latest. */
    readonly outboxSyncMs: number;
  };
  /** HS256 keys that applications sign user tokens with, all good; none: no registered users. */
  readonly appKeys: readonly string[];
  /** What an application's tokens must have as `aud`. Absent: none, or our public URL. */
  readonly appAudience: string | undefined;
  /** Whether an operator's token may stand in a URL, where proxies and browsers keep it. */
  readonly accessTokenInQuery: boolean;
  readonly ice: {
    readonly stun: readonly IceServerAddress[];
    readonly turn: readonly IceServerAddress[];
    readonly turnSecret: string | undefined;
    /** In seconds. */
    readonly turnLifetime: number;
  };
  /** Addresses and networks of proxies in front, whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly limits: LimitSettings;
  readonly quality: QualitySettings;
  readonly webhooks: WebhookSettings;
  /** PEM files; both or neither. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Whether browsers are told to come by HTTPS only (RFC 6797), for the host alone or its subdomains, too. */
  readonly hsts: "off" | "on" | "subdomains";
  readonly messageBodies: boolean;
  /** Who may read /metrics, and more of /readyz than whether each part works. */
  readonly healthDetails: "anyone" | "operators";
  /** Days after which raw reports of measurements are cleared, and events forgotten (ADR 0021); undefined: never. */
  readonly keeping: {
    readonly measurementDays: number | undefined;
    readonly retentionDays: number | undefined;
  };
  /** Folder of the bundled demo call; absent: there is none at `/demo`. */
  readonly demoDir: string | undefined;
  readonly logLevel: "debug" | "info" | "warning" | "error";
}

/** The environment holds a wrong value. `problems` has a line for each: setting, what it got, what it takes. */
export class SettingsError extends Error {
  override name = "SettingsError";

  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/** Reads and checks the settings. An empty value counts as absent. Throws {@link SettingsError}. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    settingNames.flatMap((name) => environment[name] ? [[name, environment[name]]] : []),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw new SettingsError(parsed.error.issues.map((issue) => describe(issue, given)));
  }
  const value = parsed.data;
  const problems = contradictions(value);
  if (problems.length > 0) throw new SettingsError(problems);

  const publicUrl = (value.TALKY_PUBLIC_URL ??
    `${value.TALKY_TLS_CERT ? "https" : "http"}://localhost:${value.PORT}`).replace(/\/+$/, "");
  const xmppUrl = value.TALKY_XMPP_PUBLIC_URL ?? value.TALKY_XMPP_URL;
  // A page that came by https may not open a ws:.
  const relayed = publicUrl.startsWith("https:") && !value.TALKY_XMPP_PUBLIC_URL &&
    !xmppUrl?.startsWith("wss:");
  return {
    production: value.TALKY_ENV === "production",
    host: value.HOST,
    port: value.PORT,
    databaseUrl: value.DATABASE_URL,
    databaseTimeout: value.TALKY_DATABASE_TIMEOUT,
    publicUrl,
    dataDir: value.TALKY_DATA_DIR,
    secrets: value.TALKY_SECRET ?? [],
    xmpp: {
      domain: value.TALKY_XMPP_DOMAIN,
      url: value.TALKY_XMPP_URL,
      publicUrl: relayed
        ? `${publicUrl.replace("https:", "wss:")}/xmpp-websocket`
        : xmppUrl ?? localWebSocket(publicUrl, value.TALKY_PROSODY_PORT),
      relayed,
      port: value.TALKY_PROSODY_PORT,
      outboxMaxBytes: value.TALKY_OUTBOX_MAX_BYTES,
      outboxSyncMs: value.TALKY_OUTBOX_SYNC_MS,
    },
    appKeys: value.TALKY_APP_KEY ?? [],
    appAudience: value.TALKY_APP_AUDIENCE,
    accessTokenInQuery: value.TALKY_ACCESS_TOKEN_IN_QUERY ?? value.TALKY_ENV === "development",
    ice: {
      stun: value.TALKY_STUN ?? [],
      turn: value.TALKY_TURN ?? [],
      turnSecret: value.TALKY_TURN_SECRET,
      turnLifetime: value.TALKY_TURN_LIFETIME,
    },
    trustedProxies: value.TALKY_TRUSTED_PROXIES,
    limits: readLimits(value),
    quality: readQuality(value),
    webhooks: readWebhooks(value, value.TALKY_ENV),
    tls: value.TALKY_TLS_CERT && value.TALKY_TLS_KEY
      ? { cert: value.TALKY_TLS_CERT, key: value.TALKY_TLS_KEY }
      : undefined,
    hsts: value.TALKY_HSTS,
    messageBodies: value.TALKY_MESSAGE_BODIES,
    healthDetails: value.TALKY_HEALTH_DETAILS,
    keeping: { measurementDays: value.TALKY_MEASUREMENT_DAYS, retentionDays: value.TALKY_RETENTION_DAYS },
    demoDir: value.TALKY_DEMO ?? value.TALKY_ENV === "development"
      ? `${value.TALKY_DATA_DIR}/demo`
      : undefined,
    logLevel: value.LOG_LEVEL,
  };
}

/**
 * Most bytes of a stanza as a client sends it, markup and all (ADR 0013). Prosody answers a longer one with an
 * error, clients are told in their configuration, and by Prosody in the stream's features (XEP-0478).
 */
export const maxStanzaBytes = 256 * 1024;

/** The XMPP hosts of a domain: registered users, guests, and the MUC component with the rooms. */
export function xmppHosts(domain: string): { users: string; guests: string; rooms: string } {
  return { users: `users.${domain}`, guests: `guests.${domain}`, rooms: `rooms.${domain}` };
}

// ---

type Values = z.infer<typeof schema>;

function contradictions(value: Values): string[] {
  const problems: string[] = [];
  const production = value.TALKY_ENV === "production";
  if (production && !value.TALKY_SECRET) {
    problems.push("TALKY_SECRET is not set; production takes at least 32 bytes (try: openssl rand -hex 32)");
  }
  if (production && !value.DATABASE_URL) {
    problems.push(
      "DATABASE_URL is not set; production takes a URL such as postgres://user:password@host/talky",
    );
  }
  if (production && !value.TALKY_XMPP_URL) {
    problems.push(
      "TALKY_XMPP_URL is not set; production takes a URL such as ws://127.0.0.1:5280/xmpp-websocket",
    );
  }
  if (Boolean(value.TALKY_TLS_CERT) !== Boolean(value.TALKY_TLS_KEY)) {
    problems.push("TALKY_TLS_CERT and TALKY_TLS_KEY go together: set both or neither");
  }
  if (value.TALKY_TURN && !value.TALKY_TURN_SECRET) {
    problems.push("TALKY_TURN is set without TALKY_TURN_SECRET; it takes coturn's static-auth-secret");
  }
  return problems;
}

function describe(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(issue.path[0]);
  const got = secretNames.has(name) ? "a value that is not shown" : JSON.stringify(given[name]);
  return `${name} is wrong: got ${got}; ${issue.message}`;
}

/** Where a browser finds the local Prosody: the host of the public URL, on Prosody's own port. */
function localWebSocket(publicUrl: string, prosodyPort: number): string {
  const { hostname } = new URL(publicUrl);
  return `ws://${hostname}:${prosodyPort}/xmpp-websocket`;
}
