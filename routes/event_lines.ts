/**
 * The history as NDJSON or CSV: any number of events, in the memory of one page.
 *
 * @module
 */
import type { Context } from "hono";
import { negotiate } from "./accept.ts";
import { callerAddress, callerToken, type Limits, spend } from "./limits.ts";

/** Formats that stream, by media type. */
const formats = {
  "application/x-ndjson": { format: "json", header: "" },
  "application/ndjson": { format: "json", header: "" },
  "text/csv": { format: "csv", header: "id,type,room_id,actor_id,peer_id,time,data\r\n" },
} as const;

/** A format that the request's Accept prefers to JSON. */
export interface LineFormat {
  readonly mediaType: keyof typeof formats;
  readonly format: "json" | "csv";
}

/** Which streaming format a request asks for; null for plain JSON. */
export function wantedLines(c: Context): LineFormat | null {
  const mediaType = negotiate(
    c.req.header("accept"),
    ["application/json", "application/x-ndjson", "application/ndjson", "text/csv"],
  );
  return mediaType === "application/json" ? null : { mediaType, format: formats[mediaType].format };
}

/** Pages, counted against the caller's budget of exports. Throws a 429 where nothing is left of that. */
export async function metered(
  limits: Limits,
  c: Context,
  pages: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>,
): Promise<AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>> {
  // Tokens and tickets that were made from a key are counted as the key.
  const who = c.get("operator")?.key ?? callerToken(c) ?? callerAddress(c);
  await spend(limits, "exports", who, { amount: 0, what: "bytes of exports with this token" });
  return (async function* () {
    for await (const page of pages) {
      // What has begun goes on; the next export waits until it is paid for.
      await limits.charge("exports", who, page.byteLength);
      yield page;
    }
  })();
}

/**
 * A body of lines as they are read; asks for the next page only when the client has taken the last. A failure
 * in the middle breaks the connection off, so that it cannot be taken for the end.
 */
export async function streamLines(
  { mediaType }: LineFormat,
  pages: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>,
): Promise<ReadableStream<Uint8Array>> {
  // The first page is read before the status is sent: a query that fails is still a problem.
  const first = await pages.next();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const { header } = formats[mediaType];
      if (header) controller.enqueue(new TextEncoder().encode(header));
      if (first.done) controller.close();
      else controller.enqueue(first.value);
    },
    async pull(controller) {
      const { done, value } = await pages.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pages.return();
    },
  }, { highWaterMark: 0 });
}

/** The same pages for as long as who asked for them may read: a key may be revoked while it exports for hours. */
export async function* whileCurrent(
  pages: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>,
  isCurrent: () => Promise<boolean>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for await (const page of pages) {
    if (!await isCurrent()) throw broken("the key was revoked, or is over");
    yield page;
  }
}

// ---

/** What breaks a body off. The runtime logs it; there is no fault to look for, so it has no stack. */
function broken(reason: string): Error {
  const error = new Error(`an export was broken off: ${reason}`);
  error.stack = error.message;
  return error;
}
