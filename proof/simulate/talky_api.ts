/**
 * The two requests of a Talky client before a call, as the SDK sends them.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { Failure } from "../../runtime/failure.ts";

const ClientConfig = z.looseObject({
  id: z.string(),
  userId: z.string(),
  credential: z.string(),
  signalingUrl: z.string(),
  roomConfigUrl: z.string(),
});

const RoomConfig = z.looseObject({ roomAddress: z.string() });

/** What a session is given: its id, its XMPP account, and where to go. */
export type ClientConfig = z.infer<typeof ClientConfig>;

/** The simulation ends, so there is no waiting for the API any more. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** The API of a running service. Bears with it while it restarts. */
export class TalkyApi {
  readonly #url: string;
  readonly #stop: AbortSignal;
  /** How long it may be away, in milliseconds. An API that has never answered is not restarting. */
  #patience = 3000;

  /** `url` is where the service is, e.g. `http://localhost:8001`; `stop` ends what is under way. */
  constructor(url: string, stop: AbortSignal) {
    this.#url = url.replace(/\/+$/, "");
    this.#stop = stop;
  }

  /** A new guest session for a device with this User-Agent. */
  async guest(useragent: string): Promise<ClientConfig> {
    return await this.#post(`${this.#url}/config/guest`, ClientConfig, {
      headers: { "accept": "application/json", "content-type": "application/json", "user-agent": useragent },
      body: JSON.stringify({ clientVersion: "1.32.0" }),
    });
  }

  /** The JID of the room with this name. */
  async roomAddress(config: ClientConfig, name: string): Promise<string> {
    const { roomAddress } = await this.#post(config.roomConfigUrl, RoomConfig, {
      headers: { "authorization": `Bearer ${config.credential}`, "content-type": "text/plain;charset=UTF-8" },
      body: JSON.stringify({ name }),
    });
    return roomAddress;
  }

  async #post<T>(url: string, shape: z.ZodType<T>, request: RequestInit): Promise<T> {
    const since = Date.now();
    for (let pause = 100;; pause = Math.min(pause * 2, 3000)) {
      const answer = await attempt(url, request, this.#stop);
      if (this.#stop.aborted) throw new Interrupted();
      if ("body" in answer) {
        const parsed = shape.safeParse(answer.body);
        if (!parsed.success) {
          throw new Failure(
            `${url} is no Talky Core API: ${z.prettifyError(parsed.error).replace(/\s+/g, " ")}`,
          );
        }
        this.#patience = longestAbsence;
        return parsed.data;
      }
      // Who says 503 is there, and asks to come again, as the SDK does.
      if (answer.later) this.#patience = longestUnready;
      if (Date.now() - since + pause > this.#patience) {
        throw new Failure(`the API does not answer at ${url}: ${answer.away}`);
      }
      await delay(pause, undefined, { signal: this.#stop }).catch(() => {});
    }
  }
}

// ---

/** How long a restart may take, in milliseconds. */
const longestAbsence = 60_000;

/** How long an API that says "later" may go on saying it, in milliseconds. */
const longestUnready = 600_000;

/** What came of one request: a body, or why there is none yet. A refusal is a failure: it will not change. */
async function attempt(
  url: string,
  request: RequestInit,
  stop: AbortSignal,
): Promise<{ body: unknown } | { away: string; later?: boolean }> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      ...request,
      method: "POST",
      signal: AbortSignal.any([stop, AbortSignal.timeout(10_000)]),
    });
    text = await response.text();
  } catch (error) {
    return { away: error instanceof Error ? error.message : String(error) };
  }
  const said = `${response.status} ${text.replace(/\s+/g, " ").slice(0, 200)}`.trim();
  if (response.status >= 500) return { away: said, later: response.status === 503 };
  if (!response.ok) throw new Failure(`${url} refused: ${said}`);
  try {
    return { body: JSON.parse(text) };
  } catch {
    throw new Failure(`${url} is no Talky Core API: it answered ${said}`);
  }
}
