/**
 * `POST /telemetry`: what clients measured. Answered after the commit; a retried batch with the same
 * `Idempotency-Key` is stored once.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { noteClock } from "../db/clocks.ts";
import type { Sql } from "../db/connect.ts";
import { readCompany } from "../db/presence.ts";
import type { Refusal } from "../events/submission.ts";
import { latenessOf, mostItems, readTelemetry, roomsOf, textOf } from "../ingest/telemetry.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { session } from "./guard.ts";
import { callerAddress, type Limits, noLimits, spend } from "./limits.ts";
import { onInvalid, ProblemError } from "./problem.ts";

/** Most bytes of a batch. */
const largestBatch = 500 * 1024;

/** What is counted for an item besides what is in it, and for a key, which is remembered for a day. */
const bytesBesides = 256;
const bytesOfKey = 16 * 1024;

const Answer = z.object({
  accepted: z.int(),
  rejected: z.array(z.object({ index: z.int(), code: z.string(), message: z.string() })),
}).openapi("TelemetryAnswer");

const Item = z.unknown().openapi({
  type: "object",
  properties: {
    type: { type: "string", enum: ["p2p_session_stats"], description: "May be left out" },
    room_id: { type: "string", format: "uuid", description: "Or `roomId`" },
    peer_id: { type: "string", format: "uuid", description: "Or `peerId`" },
    time: { type: "string", format: "date-time" },
    data: { type: "object", description: "Or a string of JSON" },
  },
});

const postTelemetry = contract({
  method: "post",
  path: "/telemetry",
  operationId: "sendTelemetry",
  summary: "Report what a client measured",
  tags: ["client"],
  access: session,
  maxBody: largestBatch,
  request: {
    headers: z.object({ "idempotency-key": z.string().min(1).max(255).optional() }),
    body: {
      required: true,
      content: { "application/json": { schema: z.looseObject({ batch: z.array(Item).max(10_000) }) } },
    },
  },
  responses: {
    202: {
      description: "Stored, but for the items that `rejected` names",
      content: { "application/json": { schema: Answer } },
    },
  },
  problems: ["key_reused"],
});

/** Route of telemetry. */
export function telemetryRoutes({ database, recorder, limits = noLimits }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(postTelemetry, async (c) => {
    const { sessionid } = c.get("session");
    const { batch } = c.req.valid("json");
    if (batch.length > mostItems) {
      throw new ProblemError("too_large", `${batch.length} items; a batch has at most ${mostItems}`);
    }
    const texts = batch.map(textOf);
    // What is stored of an item besides itself, its refusal and its answer say.
    const key = c.req.valid("header")["idempotency-key"];
    const bytes = texts.reduce((sum, text) => sum + text.length + bytesBesides, key ? bytesOfKey : 0);
    await spend(limits, "telemetry", sessionid, { amount: bytes, what: "bytes of this session's telemetry" });
    await spend(limits, "telemetry_address", callerAddress(c), {
      amount: bytes,
      what: "bytes of telemetry from this address",
    });
    const sql = database(c);
    const now = Date.now();
    const later = latenessOf(batch, now);
    const [sessions, ahead] = await Promise.all([
      findCompany(sql, sessionid, roomsOf(batch)),
      later === undefined ? undefined : noteClock(sql, sessionid, later),
    ]);
    const { events, refusals, rejections } = readTelemetry(batch, sessionid, { sessions }, { now, ahead });
    const answer = { accepted: events.length, rejected: rejections };

    const digest = await digestOf(texts);
    const { earlier } = await recorder(c).submit({
      origin: "telemetry",
      sessionid,
      events,
      refusals: await sampleOf(limits, sessionid, refusals),
      ...(key && { once: { key, digest, answer: JSON.stringify(answer) } }),
    });
    if (!earlier) return c.json(answer, 202);
    if (earlier.digest !== digest) {
      throw new ProblemError("key_reused", "this Idempotency-Key came with another batch");
    }
    return c.json(Answer.parse(JSON.parse(earlier.answer)), 202);
  });
  return app;
}

// ---

/**
 * Who was in the rooms. A client may report faster than its joining gets through Prosody's outbox, so a
 * room that is not known yet is looked up again for a moment before its items are refused.
 */
async function findCompany(sql: Sql, sessionid: string, rooms: readonly string[]) {
  let company = await readCompany(sql, sessionid, rooms);
  for (let attempt = 0; company.size < rooms.length && attempt < 4; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    company = await readCompany(sql, sessionid, rooms);
  }
  return company;
}

/** Of what is refused so many are kept: the client is told of each, and metrics count them all. */
async function sampleOf(
  limits: Limits,
  sessionid: string,
  refusals: readonly Refusal[],
): Promise<readonly Refusal[]> {
  const kept: Refusal[] = [];
  for (const refusal of refusals) {
    if (await limits.take("kept_refusals", sessionid) === 0) kept.push(refusal);
  }
  return kept;
}

async function digestOf(texts: readonly string[]): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`[${texts.join(",")}]`));
  return new Uint8Array(hash).toHex();
}
