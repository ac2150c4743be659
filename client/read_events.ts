/**
 * Reading the live stream: an async iterator over events that survives lost connections, restarts and
 * expired tokens, and gives every event exactly once, in order.
 *
 * @example
 * ```ts ignore
 * for await (const event of readEvents({ url: "http://localhost:8001", token, after: 0 })) {
 *   console.log(event.id, event.type);
 * }
 * ```
 *
 * @module
 */
import type { EventType, TalkyEvent } from "./event.ts";
import { fatalCodes, type Frame, scopeMissing, subprotocol, tokenRefused } from "./protocol.ts";

export interface ReadEventsOptions {
  /** Address of the service, e.g. `https://talky.example`, or `https://example.com/talky` under a path. */
  readonly url: string;
  /**
   * An API key, a token made from one, or a ticket; or how to get one: asked for at every connection. Without one a browser sends the
   * cookie that it has for the service.
   */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Only events after this id; 0 = from the earliest kept; absent = from now. */
  readonly after?: number;
  /** Which log `after` is of: what {@link EventReader.generation} was. Absent: whatever log there is. */
  readonly generation?: string;
  /** Only these rooms, only these types. Absent: all. */
  readonly rooms?: readonly string[];
  readonly types?: readonly EventType[];
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** Told when the connection comes and goes. */
  readonly onConnection?: (connected: boolean) => void;
  /** Told what is probably wrong when the address leads nowhere again and again. Default: `console.warn`. */
  readonly onTrouble?: (message: string) => void;
}

/** Events as they come, and the cursor to go on from another time. */
export interface EventReader extends AsyncIterable<TalkyEvent> {
  /** Every matching event up to this id has been given out. Undefined before the first connection. */
  readonly cursor: number | undefined;
  /** Which log the cursor is of: keep it beside it. Undefined before the first connection. */
  readonly generation: string | undefined;
}

/**
 * The service closed the stream for a reason that a new connection cannot mend. Code `logReplaced` (4411): the
 * database was restored, and ids after some cursor mean other events; what was read is no beginning of what is there.
 */
export class StreamClosed extends Error {
  override name = "StreamClosed";

  constructor(readonly code: number, reason: string) {
    super(`the stream was closed: ${code} ${reason}`);
  }
}

/** Reads events until the signal aborts. Throws {@link StreamClosed} when going on is impossible. */
export function readEvents(options: ReadEventsOptions): EventReader {
  let cursor = options.after;
  let generation = options.generation;

  async function* read(): AsyncGenerator<TalkyEvent, void, void> {
    let attempts = 0;
    let lost = 0;
    while (!options.signal?.aborted) {
      const connection = new Connection(options);
      await connection.open(cursor, generation);
      try {
        for await (const frame of connection.frames()) {
          attempts = 0;
          if (frame.type === "ready") {
            // What lies before the earliest kept event is gone; there is nothing to wait for.
            cursor = frame.after;
            generation = frame.generation;
            options.onConnection?.(true);
          } else if (frame.type === "heartbeat") {
            cursor = frame.head;
          } else if (frame.type === "expiring") {
            connection.refresh();
          } else {
            for (const event of frame.events) {
              cursor = event.id;
              yield event;
            }
          }
        }
      } finally {
        connection.close();
        options.onConnection?.(false);
      }
      if (options.signal?.aborted) return;
      const { code, reason } = await connection.ended();
      const tokenIsSpent = code === tokenRefused && typeof options.token !== "function";
      if (fatalCodes.has(code) || tokenIsSpent) throw new StreamClosed(code, reason);
      // It may be a moment of a deployment; again and again it is a wrong address.
      lost = code === notFound ? lost + 1 : 0;
      if (lost === 3) (options.onTrouble ?? console.warn)(reason);
      await pause(backoff(attempts++), options.signal);
    }
  }

  return {
    get cursor() {
      return cursor;
    },
    get generation() {
      return generation;
    },
    [Symbol.asyncIterator]: read,
  };
}

// ---

interface End {
  readonly code: number;
  readonly reason: string;
}

/** No close code: there is nothing at the address. */
const notFound = 404;

/** Milliseconds without a frame after which a connection counts as lost: three heartbeats. */
const longestSilence = 45_000;

/** Frames that may wait for a slow consumer; then the connection is dropped, and resumed at the cursor. */
const mostWaiting = 1000;

/** One connection to the stream, from its opening to its end. */
class Connection {
  readonly #options: ReadEventsOptions;
  readonly #waiting: Frame[] = [];
  #socket: WebSocket | undefined;
  #token: string | undefined;
  #opened = false;
  #end: End | undefined;
  #wake = () => {};
  /** A link that died without a word: the service would have sent a heartbeat. */
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReadEventsOptions) {
    this.#options = options;
  }

  /** Opens it. Never rejects: {@link ended} says what went wrong. */
  async open(after: number | undefined, generation: string | undefined): Promise<void> {
    const { token, signal } = this.#options;
    try {
      this.#token = typeof token === "function" ? await token() : token;
      const entry = await entrance(this.#options, this.#token);
      const target = address(this.#options, after, generation, entry);
      const socket = this.#socket = new WebSocket(target, subprotocol);
      this.#heard();
      socket.onopen = () => this.#opened = true;
      socket.onmessage = ({ data }) => {
        this.#heard();
        this.#waiting.push(JSON.parse(data));
        if (this.#waiting.length > mostWaiting) socket.close();
        this.#wake();
      };
      socket.onclose = ({ code, reason }) => this.#finish(code, reason);
      socket.onerror = () => this.#finish(1006, "the connection failed");
      signal?.addEventListener("abort", this.#abort);
      if (signal?.aborted) this.#abort();
    } catch (error) {
      this.#finish(1006, String(error));
    }
  }

  /** Ends when the connection does. */
  async *frames(): AsyncGenerator<Frame, void, void> {
    while (true) {
      const frame = this.#waiting.shift();
      if (this.#options.signal?.aborted) return;
      if (frame) yield frame;
      else if (this.#end) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Why it ended. */
  async ended(): Promise<End> {
    const known = this.#end ?? { code: 1006, reason: "" };
    if (this.#opened || this.#options.signal?.aborted) return known;
    return await askWhy(this.#options, this.#token) ?? known;
  }

  /** Sends a fresh token, where there is a way to get one. */
  refresh(): void {
    const { token } = this.#options;
    if (typeof token !== "function") return;
    // A token that cannot be had now is asked for again at the next connection.
    Promise.resolve(token()).then((token) => {
      if (token && this.#socket?.readyState === WebSocket.OPEN) {
        this.#socket.send(JSON.stringify({ type: "token", token }));
      }
    }).catch(() => {});
  }

  close(): void {
    clearTimeout(this.#silence);
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#socket?.close();
  }

  readonly #abort = () => {
    this.#finish(1000, "aborted");
    this.#socket?.close();
  };

  #finish(code: number, reason: string): void {
    this.#end ??= { code, reason };
    this.#wake();
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#finish(1006, "silent");
      this.#socket?.close();
    }, longestSilence);
  }
}

/**
 * A handshake that is refused looks like a connection that failed: a request without a WebSocket is told why. Null
 * when there is no reason that one could act on.
 */
async function askWhy(options: ReadEventsOptions, token: string | undefined): Promise<End | null> {
  const target = streamOf(options.url);
  try {
    const response = await fetch(target, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
      ...options.signal && { signal: options.signal },
    });
    if (response.status === 404) {
      await response.body?.cancel();
      const reason = `${target} is not found (404): is the service's address right, with its path?`;
      return { code: notFound, reason };
    }
    const { detail } = await response.json();
    if (response.status === 401) return { code: tokenRefused, reason: detail ?? "" };
    if (response.status === 403) return { code: scopeMissing, reason: detail ?? "" };
  } catch {
    // Away, then.
  }
  return null;
}

/**
 * What lets the URL of a WebSocket in, where no header can be set: a ticket, good for this once, since URLs are
 * logged. A service from before there were tickets takes the token itself.
 */
async function entrance(
  { url, signal }: ReadEventsOptions,
  token: string | undefined,
): Promise<readonly [string, string] | null> {
  if (!token) return null;
  if (token.startsWith("tt_")) return ["ticket", token];
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(under(url, "tickets"), { method: "POST", headers, ...signal && { signal } });
  if (response.status === 201) return ["ticket", (await response.json()).ticket];
  await response.body?.cancel();
  if (response.status === 404) return ["access_token", token];
  throw new Error(`no ticket for the stream: ${response.status}`);
}

/** Where the stream of a service is. */
function streamOf(url: string): URL {
  return under(url, "stream");
}

/** An endpoint of a service, which may be under a path. */
function under(url: string, endpoint: string): URL {
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/+$/, "")}/${endpoint}`;
  target.search = "";
  target.hash = "";
  return target;
}

function address(
  { url, rooms = [], types = [] }: ReadEventsOptions,
  after: number | undefined,
  generation: string | undefined,
  entrance: readonly [name: string, value: string] | null,
): string {
  const target = streamOf(url.replace(/^http/, "ws"));
  if (after !== undefined) target.searchParams.set("after", String(after));
  if (generation !== undefined) target.searchParams.set("generation", generation);
  for (const room of rooms) target.searchParams.append("room", room);
  for (const type of types) target.searchParams.append("type", type);
  if (entrance) target.searchParams.set(...entrance);
  return target.href;
}

/** 0.25 s, doubling to 10 s, give or take a quarter, so that many readers do not come back at once. */
function backoff(attempt: number): number {
  return Math.min(10_000, 250 * 2 ** attempt) * (0.75 + Math.random() / 2);
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}
