/**
 * Webhooks: made, listed, changed, removed (ADR 0024).
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { seal } from "../auth/sealed.ts";
import { addWebhook, changeWebhook, deleteWebhook, findWebhook, findWebhooks } from "../db/webhooks.ts";
import { type EventType, Id } from "../events/event.ts";
import { type Format, typesTold } from "../webhooks/formats.ts";
import { mostWebhooks } from "../webhooks/deliveries.ts";
import { makeSecret } from "../webhooks/signature.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { Cursor, Limit, readCursor, respondJson, respondPage, timedPageOf, writeCursor } from "./lists.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { assertFound, placeIn } from "./webhook_place.ts";
import { NewWebhook, readAddress, Webhook, WebhookPatch, WebhookRequest } from "./webhook_schemas.ts";

const params = z.object({ id: Id });
const found = { 200: { description: "The webhook", content: { "application/json": { schema: Webhook } } } };

const create = contract({
  method: "post",
  path: "/webhooks",
  operationId: "createWebhook",
  summary: "A new webhook",
  description:
    "Its URL is told of every event that it wants, in order, in batches, at least once; a batch that comes again has " +
    'the same `webhook-id`. First comes `{"type":"verification"}`, until the receiver answers it with 2xx.',
  tags: ["webhooks"],
  access: operator("manage"),
  request: { body: { required: true, content: { "application/json": { schema: WebhookRequest } } } },
  responses: {
    201: {
      description: "The webhook, with its secret",
      content: { "application/json": { schema: NewWebhook } },
    },
  },
  problems: ["too_many_webhooks", "cursor_gone", "other_log"],
});

const list = contract({
  method: "get",
  path: "/webhooks",
  operationId: "listWebhooks",
  summary: "Webhooks, newest first",
  tags: ["webhooks"],
  access: operator("manage"),
  request: { query: z.object({ limit: Limit, cursor: Cursor }) },
  responses: {
    200: {
      description: "A page of webhooks",
      content: { "application/json": { schema: timedPageOf(Webhook) } },
    },
  },
});

const get = contract({
  method: "get",
  path: "/webhooks/{id}",
  operationId: "getWebhook",
  summary: "A webhook, and how far it has been told",
  tags: ["webhooks"],
  access: operator("manage"),
  request: { params },
  responses: found,
  problems: ["webhook_not_found"],
});

const change = contract({
  method: "patch",
  path: "/webhooks/{id}",
  operationId: "changeWebhook",
  summary: "Changes a webhook, pauses it or lets it go on",
  description: "What is absent stays. A delivery that is under way stays as it was cut, until it succeeds.",
  tags: ["webhooks"],
  access: operator("manage"),
  request: {
    params,
    body: { required: true, content: { "application/json": { schema: WebhookPatch } } },
  },
  responses: found,
  problems: ["webhook_not_found"],
});

const remove = contract({
  method: "delete",
  path: "/webhooks/{id}",
  operationId: "deleteWebhook",
  summary: "Removes a webhook",
  tags: ["webhooks"],
  access: operator("manage"),
  request: { params },
  responses: { 204: { description: "It is removed" } },
  problems: ["webhook_not_found"],
});

/** Routes of webhooks. */
export function webhookRoutes(dependencies: Dependencies): OpenAPIHono {
  const { database, keys, webhooks } = dependencies;
  const rules = webhooks?.rules ?? { loopback: false };
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(create, async (c) => {
    const { url: text, name, rooms, types, format, batch_size, after, generation, authorization } = c.req
      .valid(
        "json",
      );
    assertTold(format, types);
    const url = readAddress(text, rules);
    const sql = database(c);
    const from = await placeIn(sql, { after: after ?? null, ...generation && { generation } });
    const id = crypto.randomUUID();
    const secret = makeSecret();
    const json = await addWebhook(sql, {
      ...{ id, name: name ?? new URL(url).hostname, url, format, batchSize: batch_size, state: "pending" },
      secret: await seal(keys.sealing, secret, id),
      authorization: authorization === undefined ? null : await seal(keys.sealing, authorization, id),
      view: { ...rooms && { rooms }, ...types && { types } },
      ...from,
    }, mostWebhooks);
    if (json === null) {
      throw new ProblemError("too_many_webhooks", `there are ${mostWebhooks} already: remove one first`);
    }
    webhooks?.look(c);
    return c.json({ ...Webhook.parse(JSON.parse(json)), secret }, 201, { "cache-control": "no-store" });
  });
  app.openapi(list, (c) => {
    const { limit, cursor } = c.req.valid("query");
    const sql = database(c);
    const rows = findWebhooks(sql, { before: readCursor(cursor), limit: limit + 1 });
    return respondPage(c, list, { sql, rows, limit, cursorOf: writeCursor });
  });
  app.openapi(get, async (c) => {
    const { id } = c.req.valid("param");
    return await respondJson(c, get, assertFound(await findWebhook(database(c), id), id));
  });
  app.openapi(change, async (c) => {
    const { id } = c.req.valid("param");
    const { url, batch_size, authorization, ...others } = c.req.valid("json");
    const { format, types } = others;
    if (format !== undefined && types) assertTold(format, types);
    const json = await changeWebhook(database(c), id, {
      ...others,
      url: url === undefined ? undefined : readAddress(url, rules),
      batchSize: batch_size,
      authorization: authorization && await seal(keys.sealing, authorization, id),
    });
    webhooks?.look(c);
    return c.json(Webhook.parse(JSON.parse(assertFound(json, id))), 200);
  });
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid("param");
    if (!await deleteWebhook(database(c), id)) assertFound(null, id);
    webhooks?.look(c);
    return c.body(null, 204);
  });
  return app;
}

// ---

/** Throws a problem where a form tells of none of the types that are wanted. */
function assertTold(format: Format, types: readonly EventType[] | null | undefined): void {
  if (!types || typesTold(format, types)?.length !== 0) return;
  throw new ProblemError("invalid_request", `json.types: ${format} tells of none of these`);
}
