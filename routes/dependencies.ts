/**
 * What the routes are given. Nothing under `routes/` opens a connection or knows its runtime.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import type { AppTokenRules } from "../auth/app_token.ts";
import type { OperatorAuthenticator } from "../auth/authenticate.ts";
import type { Settings } from "../config.ts";
import type { Keys } from "../auth/keys.ts";
import type { Sql } from "../db/connect.ts";
import type { Recorder } from "../ingest/recorder.ts";
import type { Thresholds } from "../quality/thresholds.ts";
import type { Hub } from "../stream/hub.ts";
import type { AddressRules } from "../webhooks/addresses.ts";
import type { DeliveryParts } from "../webhooks/deliveries.ts";
import type { Poster } from "../webhooks/poster.ts";
import type { ServerSocket } from "../stream/websocket.ts";
import type { IceSettings } from "./ice_servers.ts";
import type { Limits } from "./limits.ts";

/** An accepted WebSocket: the answer to return, and the socket once it is open. */
export interface Upgrade {
  readonly response: Response;
  readonly socket: Promise<ServerSocket>;
}

/** How a WebSocket is to be accepted. */
export interface UpgradeOptions {
  /** The subprotocol, of those that the client offered. */
  readonly protocol: string | undefined;
  /** Most bytes of a message: a client that sends more is closed (1009), where the runtime can tell. */
  readonly largestFrame: number;
}

/** One part of the service, as `/readyz` shows it. */
export interface Check {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

export interface Dependencies {
  /** Where clients reach this API, without a slash at the end. */
  readonly publicUrl: string;
  readonly xmpp: {
    readonly domain: string;
    /** WebSocket that clients are told. */
    readonly publicUrl: string;
  };
  /** Who may read metrics and the details of readiness. Default: anyone. */
  readonly healthDetails?: Settings["healthDetails"];
  /** HSTS where the public URL is https: for its host, or for the hosts below it as well. */
  readonly hsts: Settings["hsts"];
  /** Whether bodies are compressed here; false where the runtime does it (Workers). */
  readonly compression: boolean;
  readonly keys: Keys;
  /** Tells who shows a token. */
  readonly operators: OperatorAuthenticator;
  /** Whether an operator's token may stand in a URL. */
  readonly accessTokenInQuery: boolean;
  /** Connections for one request: a shared pool, or on Workers a client of the request's own. */
  readonly database: (c: Context) => Sql;
  /** The one way in, over the same database. */
  readonly recorder: (c: Context) => Recorder;
  /** How tokens of the application around Talky are judged; absent: guests only. */
  readonly appTokens: AppTokenRules | undefined;
  readonly ice: IceSettings;
  /** From when on something of a call's quality is an issue; absent: the defaults. */
  readonly thresholds?: Thresholds;
  /** The live stream; absent where somebody else serves it (on Workers, a Durable Object). */
  readonly stream?: {
    readonly hub: Hub;
    /** Calls `ended` when a key is revoked. Returns how to stop watching. */
    readonly watchKey: (id: string, ended: () => void) => () => void;
    /** The runtime's way to accept a WebSocket. */
    readonly upgrade: (request: Request, options: UpgradeOptions) => Upgrade;
  };
  /**
   * Answers a client's XMPP WebSocket in Prosody's place, null when Prosody is away; absent: clients reach Prosody
   * by themselves. `onEnd` hears when the connection has ended.
   */
  readonly relay?: (c: Context, onEnd: () => void) => Promise<Response | null>;
  /** Webhooks; absent where nobody delivers them. */
  readonly webhooks?: {
    /** Where they may be sent. */
    readonly rules: AddressRules;
    /** Looks at once after what a request has changed. */
    readonly look: (c: Context) => void;
    readonly post: Poster;
    readonly openSecrets: DeliveryParts["openSecrets"];
  };
  /** A file of a package that the service shows, by `package/path`; null where there is none. */
  readonly asset: (path: string) => Promise<Uint8Array<ArrayBuffer> | null>;
  /** A file of the bundled demo call, null where there is none; absent: no demo. */
  readonly demo?: (file: string) => Promise<Uint8Array<ArrayBuffer> | null>;
  /** Counts requests and shows the counts; absent where a process does not last (Workers). */
  readonly metrics?: {
    readonly middleware: MiddlewareHandler;
    render(): Promise<{ readonly text: string; readonly contentType: string }>;
  };
  /** How much one may take; absent: anything. */
  readonly limits?: Limits;
  /** Whom a request is counted as; absent: everybody as one. */
  readonly clientAddress?: (c: Context) => string;
  /** The parts that must work for the service to be ready, by name. */
  readonly checks: () => Promise<Readonly<Record<string, Check>>>;
}
