/**
 * What webhooks are told, for the OpenAPI document: its `webhooks` (OpenAPI 3.1). Of the plain form, and of `issues`
 * as far as it is ours; the others are somebody else's to document.
 *
 * @module
 */
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { Id } from "../events/event.ts";
import { Event } from "./resources.ts";

const Told = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("events"),
    generation: Id.describe("Which log they are of: another one after a restore"),
    events: z.array(Event),
  }),
  z.object({ type: z.literal("verification"), webhook: Id }),
  z.object({ type: z.literal("test"), webhook: Id }),
]).openapi("WebhookPayload");

/** Adds them to a document. */
export function describePayloads(app: OpenAPIHono): void {
  app.openAPIRegistry.registerWebhook({
    method: "post",
    path: "told",
    operationId: "receiveWebhook",
    summary: "What a webhook's URL is told, in the plain form",
    description: "Signed as Standard Webhooks say; a delivery that comes again has the same `webhook-id`.",
    tags: ["webhooks"],
    security: [],
    request: {
      headers: z.object({
        "webhook-id": z.string().openapi({ description: "The same whenever this delivery comes again" }),
        "webhook-timestamp": z.string().openapi({ description: "Of this attempt, in seconds since 1970" }),
        "webhook-signature": z.string().openapi({
          description: "`v1,` and base64 of HMAC-SHA256 of `id.timestamp.body`; several with spaces between",
        }),
      }),
      body: { required: true, content: { "application/json": { schema: Told } } },
    },
    responses: {
      "2XX": { description: "It is dealt with" },
      "410": { description: "The receiver wants to be told no more" },
      default: { description: "It comes again later; `Retry-After` says when" },
    },
  });
}
