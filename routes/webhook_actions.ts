/**
 * What is done with a webhook: its cursor moved, its secret replaced, its receiver tried, its attempts looked at.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { parseDuration } from "../auth/lifetime.ts";
import { seal } from "../auth/sealed.ts";
import { noteAttempt } from "../db/webhook_leases.ts";
import { readForTest } from "../db/webhook_state.ts";
import { findDeliveries, findPlace, findWebhook, moveWebhook, rotateSecret } from "../db/webhooks.ts";
import { Id, Time } from "../events/event.ts";
import { attempt } from "../webhooks/attempt.ts";
import { formOf } from "../webhooks/formats.ts";
import { judge } from "../webhooks/outcome.ts";
import { makeSecret } from "../webhooks/signature.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { Cursor, Limit, readCursor, respondPage, timedPageOf, writeCursor } from "./lists.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { assertFound, placeIn } from "./webhook_place.ts";
import { Webhook, WebhookDelivery, WebhookTest } from "./webhook_schemas.ts";

const access = operator("manage");
const tags = ["webhooks"];
const params = z.object({ id: Id });
const found = { 200: { description: "The webhook", content: { "application/json": { schema: Webhook } } } };
const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  body: { required: true, content: { "application/json": { schema } } },
});
const generation = Id.optional().openapi({
  description: "The log that `after` is of; of another one it is refused",
});

const rewind = contract({
  method: "post",
  path: "/webhooks/{id}/rewind",
  operationId: "rewindWebhook",
  summary: "Tells a webhook again of what it has been told, or should have been",
  description:
    "Goes on after an event that lies before the cursor; 0: with the earliest kept. Whatever stopped the webhook is over.",
  tags,
  access,
  request: { params, ...jsonBody(z.strictObject({ after: z.int().min(0), generation })) },
  responses: found,
  problems: ["webhook_not_found", "cursor_gone", "other_log"],
});

const skip = contract({
  method: "post",
  path: "/webhooks/{id}/skip",
  operationId: "skipWebhook",
  summary: "Leaves events out",
  description:
    "Goes on after an event that lies behind the cursor; absent: with what happens from now on. To leave out only the " +
    "delivery that is under way, give its `last`. Whatever stopped the webhook is over.",
  tags,
  access,
  request: { params, ...jsonBody(z.strictObject({ after: z.int().min(0).optional(), generation })) },
  responses: found,
  problems: ["webhook_not_found", "cursor_gone", "other_log"],
});

const rotate = contract({
  method: "post",
  path: "/webhooks/{id}/rotate",
  operationId: "rotateWebhookSecret",
  summary: "Replaces a webhook's secret",
  description: "For a while both sign: give the receiver the new one meanwhile.",
  tags,
  access,
  request: {
    params,
    ...jsonBody(z.strictObject({
      overlap: z.string().max(16).default("24h").openapi({
        description: "How long the one before still signs (`0s`, `90s`, `15m`, `24h`; 30 days at most)",
      }),
    })),
  },
  responses: {
    200: {
      description: "The secret, and until when the one before signs as well",
      content: {
        "application/json": {
          schema: z.object({
            secret: z.string().openapi({ description: "Shown this once" }),
            until: Time,
          }).openapi("WebhookSecret"),
        },
      },
    },
  },
  problems: ["webhook_not_found"],
});

const test = contract({
  method: "post",
  path: "/webhooks/{id}/test",
  operationId: "testWebhook",
  summary: "Posts a test to a webhook's URL now",
  description: 'Signed like every delivery, with `{"type":"test"}`; it changes neither cursor nor state.',
  tags,
  access,
  request: { params },
  responses: {
    200: { description: "What came of it", content: { "application/json": { schema: WebhookTest } } },
  },
  problems: ["webhook_not_found"],
});

const list = contract({
  method: "get",
  path: "/webhooks/{id}/deliveries",
  operationId: "listWebhookDeliveries",
  summary: "Attempts to deliver, newest first",
  description: "Of thirty days, the newest thousand or so; never what was sent or answered.",
  tags,
  access,
  request: { params, query: z.object({ limit: Limit, cursor: Cursor }) },
  responses: {
    200: {
      description: "A page of attempts",
      content: { "application/json": { schema: timedPageOf(WebhookDelivery) } },
    },
  },
  problems: ["webhook_not_found"],
});

/** Routes of what is done with webhooks. */
export function webhookActionRoutes(dependencies: Dependencies): OpenAPIHono {
  const { database, keys, webhooks } = dependencies;
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  const move = moving(dependencies);

  app.openapi(rewind, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await move(c, id, c.req.valid("json"), "rewind"), 200);
  });
  app.openapi(skip, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await move(c, id, c.req.valid("json"), "skip"), 200);
  });
  app.openapi(rotate, async (c) => {
    const { id } = c.req.valid("param");
    const overlap = readOverlap(c.req.valid("json").overlap);
    const secret = makeSecret();
    const until = await rotateSecret(database(c), id, await seal(keys.sealing, secret, id), overlap);
    if (until === null) throw notFound(id);
    webhooks?.look(c);
    return c.json({ secret, until }, 200, { "cache-control": "no-store" });
  });
  app.openapi(test, async (c) => {
    const { id } = c.req.valid("param");
    const sql = database(c);
    const webhook = await readForTest(sql, id);
    if (webhook === null) throw notFound(id);
    const opened = await webhooks?.openSecrets(webhook);
    if (!webhooks || !opened) {
      throw new ProblemError(
        "unavailable",
        webhooks
          ? "the secret was sealed with a TALKY_SECRET that is gone: rotate it"
          : "this instance delivers nothing",
      );
    }
    const { signal } = c.req.raw;
    const parts = { post: webhooks.post, opened, options: { timeout: 20_000 } };
    const { outcome, figures } = await attempt(parts, webhook.url, formOf(webhook.format).test(id), signal);
    await noteAttempt(sql, id, { kind: "test", first: null, last: null, events: 0, ...figures });
    const { status, ms, error } = figures;
    return c.json({ delivered: judge(outcome) === "delivered", status, ms, error }, 200);
  });
  app.openapi(list, async (c) => {
    const { id } = c.req.valid("param");
    const { limit, cursor } = c.req.valid("query");
    const sql = database(c);
    assertFound(await findWebhook(sql, id), id);
    const before = readCursor(cursor, z.string().regex(/^\d{1,15}$/))?.id;
    const rows = findDeliveries(sql, {
      id,
      before: before === undefined ? undefined : Number(before),
      limit: limit + 1,
    });
    return await respondPage(c, list, { sql, rows, limit, cursorOf: writeCursor });
  });
  return app;
}

// ---

/** Moves a webhook's cursor, for `rewind` and `skip`. */
function moving({ database, webhooks }: Dependencies) {
  return async (c: Context, id: string, to: Place, way: "rewind" | "skip") => {
    const { after, generation } = to;
    const sql = database(c);
    const place = await placeIn(sql, { after: after ?? null, ...generation && { generation } });
    const from = await findPlace(sql, id);
    if (from === null) throw notFound(id);
    // From a place that is no more every way leads out.
    if (from.generation === place.generation && from.state !== "behind") {
      assertDirection(from.cursor, place.cursor, way);
    }
    const json = assertFound(await moveWebhook(sql, id, place), id);
    webhooks?.look(c);
    return Webhook.parse(JSON.parse(json));
  };
}

/** Where a body says to go on; nowhere: with what happens from now on. */
interface Place {
  readonly after?: number | undefined;
  readonly generation?: string | undefined;
}

const longestOverlap = 30 * 86_400;

function notFound(id: string): ProblemError {
  return new ProblemError("webhook_not_found", `no webhook has the id ${id}`);
}

/** A rewind goes back and a skip forward: who means one does not do the other by a slip of the pen. */
function assertDirection(cursor: number, to: number, way: "rewind" | "skip"): void {
  const isBack = way === "rewind";
  if (isBack ? to <= cursor : to >= cursor) return;
  throw new ProblemError(
    "invalid_request",
    `json.after: ${to} lies ${isBack ? "behind" : "before"} the cursor, ${cursor}: ${
      isBack ? "skip" : "rewind"
    } goes there`,
  );
}

/** Seconds. */
function readOverlap(text: string): number {
  const seconds = text === "0s" ? 0 : (parseDuration(text) ?? Infinity) / 1000;
  if (seconds <= longestOverlap) return seconds;
  throw new ProblemError(
    "invalid_request",
    "json.overlap: takes a number and s, m, h or d, such as 24h, at most 30 days",
  );
}
