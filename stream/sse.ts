/**
 * The stream as server-sent events: the same hub, the same cursor, for readers without WebSockets.
 *
 * @module
 */
import { type Permission, untilEnded } from "./authorization.ts";
import type { CloseReason } from "./close_codes.ts";
import { sseEncoding } from "./encoding.ts";
import { createFilter } from "./filter.ts";
import type { Hub } from "./hub.ts";
import type { Reader } from "./reader.ts";
import { place, type Subscription } from "./subscription.ts";

/** A response body that lasts as long as the reader, or why there is none. */
export async function openEventStream(
  hub: Hub,
  { wanted, ...cursor }: Subscription,
  permission: Permission,
  owner?: string,
): Promise<ReadableStream<Uint8Array> | CloseReason> {
  const bounds = await hub.bounds();
  const start = place(cursor, bounds);
  if ("code" in start) return start;

  const text = new TextEncoder();
  let reader: Reader | undefined;
  let refused: CloseReason | undefined;
  let cancelExpiry = () => {};

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const added = hub.add({
        encoding: sseEncoding,
        filter: createFilter(wanted, permission.view),
        after: start.after,
        head: bounds.head,
        generation: bounds.generation,
        ...owner !== undefined && { owner },
        sink: {
          send: (frame) => controller.enqueue(text.encode(frame)),
          buffered: () => Math.max(0, highWaterMark - (controller.desiredSize ?? highWaterMark)),
          close: ({ code, reason }) => {
            cancelExpiry();
            try {
              controller.enqueue(text.encode(`event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`));
              controller.close();
            } catch {
              // The client has gone meanwhile.
            }
          },
        },
      });
      if ("code" in added) {
        refused = added;
        return;
      }
      reader = added;
      cancelExpiry = untilEnded(permission, (reason) => reader?.close(reason));
    },
    cancel() {
      cancelExpiry();
      reader?.remove();
    },
  }, { highWaterMark, size: (chunk) => chunk.byteLength });

  return refused ?? body;
}

// ---

/** Only a mark to count from: what lies above or below it is the reader's to judge. */
const highWaterMark = 64 * 1024;
