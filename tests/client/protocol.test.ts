import assert from "node:assert/strict";
import type { EventType } from "../../client/event.ts";
import { fatalCodes, type Frame, subprotocol, tokenRefused } from "../../client/protocol.ts";
import { type EventTypeName, eventTypes } from "../../events/event.ts";
import { type CloseCode, closeCodes } from "../../stream/close_codes.ts";
import { type ServerFrame, serverFrames, subprotocol as served } from "../../stream/frames.ts";
import type { z } from "zod";

/** Compiles where the service's frames and types are the client's. */
const frameForClient = (frame: ServerFrame): Frame => frame;
const typeForClient = (type: z.infer<typeof EventTypeName>): EventType => type;
const typeForService = (type: EventType): z.infer<typeof EventTypeName> => type;
const frameTypeForService = (type: Frame["type"]): keyof typeof serverFrames => type;

Deno.test("the client knows the frames and event types of the service, and no others", () => {
  // Types alone are compared above; this holds that they speak of what there is.
  assert.equal(subprotocol, served);
  for (const type of eventTypes) assert.equal(typeForService(typeForClient(type)), type);
  const heartbeat = frameForClient({ type: "heartbeat", head: 0 });
  assert.ok(frameTypeForService(heartbeat.type) in serverFrames);
});

Deno.test("the client gives up after the close codes that forbid coming back, and after no others", () => {
  for (const { code, reconnect } of Object.values<CloseCode>(closeCodes)) {
    assert.equal(fatalCodes.has(code), reconnect === "never", `${code}`);
    assert.equal(code === tokenRefused, reconnect === "with a new token", `${code}`);
  }
  const codes = Object.values<CloseCode>(closeCodes).map(({ code }) => code);
  assert.deepEqual([...fatalCodes].filter((code) => !codes.includes(code)), []);
});
