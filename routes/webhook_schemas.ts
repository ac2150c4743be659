/**
 * How webhooks look, and what they are made of.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { EventTypeName, Id, Time } from "../events/event.ts";
import { type AddressRules, refuseUrl } from "../webhooks/addresses.ts";
import { formats } from "../webhooks/formats.ts";
import { ProblemError } from "./problem.ts";
import { RoomList, roomListDocument, TypeList, viewLimits } from "./view_limits.ts";

const Name = z.string().trim().min(1).max(255).openapi({ description: "What it is for" });
const Address = z.string().max(2048).openapi({
  format: "uri",
  description: "Where deliveries are posted: https, port 443 or 8443, a public address",
  example: "https://example.com/talky",
});
const Form = z.enum(formats).openapi({
  description: [
    "How it is told. plain: events as JSON. slack, mattermost: a line an event, for the incoming webhook of a channel.",
    "event_sync: the four payloads of Jitsi's Prosody module of this name, below the URL.",
    "issues: what was wrong with a call, when it has ended, as GET /rooms/{id}/issues has it",
  ].join(" "),
});
const BatchSize = z.int().min(1).max(100).openapi({ description: "Most events of a delivery" });
/** A place in the log, as the stream takes it. */
const Authorization = z.string().regex(
  /^[\x21-\x7e][\x20-\x7e]*$/,
  "takes what a header can hold: ASCII, in one line",
)
  .max(4096).openapi({
    description: "Sent as the header Authorization, for receivers that ask for one. Never shown again",
    example: "Bearer 237958623045",
  });
const After = z.int().min(0).openapi({
  description: "Begins after this event; 0: with the earliest kept; absent: with what happens from now on",
});

export const Webhook = z.object({
  id: Id,
  name: z.string(),
  url: z.string(),
  rooms: z.array(z.string()).nullable().openapi({ description: "Null: all" }),
  types: z.array(EventTypeName).nullable().openapi({ description: "Null: all" }),
  format: Form,
  batch_size: z.int(),
  created: Time,
  has_authorization: z.boolean().openapi({ description: "Whether a header Authorization is sent" }),
  state: z.enum(["pending", "active", "paused", "disabled", "behind", "other_log"]).openapi({
    description: [
      "pending: the receiver has not answered the first, empty delivery yet. active. paused: by an operator, or for",
      "nothing succeeded for days. disabled: the receiver answered 410. behind: events after the cursor are kept no",
      "more. other_log: the log was restored. The last four keep the cursor and deliver nothing until somebody acts",
    ].join(" "),
  }),
  reason: z.string().nullable().openapi({ description: "Why it is not active" }),
  generation: Id.describe("The log that the cursor is of"),
  cursor: z.int().openapi({ description: "Everything wanted up to this event is delivered" }),
  batch: z.object({ first: z.int(), last: z.int() }).nullable().openapi({
    description: "The delivery that is under way: ids of its first and last event",
  }),
  undelivered_since: Time.nullable().describe(
    "When the oldest event after the cursor happened, wanted or not; null: it has been told of everything",
  ),
  failures: z.int().openapi({ description: "Attempts since the last success" }),
  failing_since: Time.nullable(),
  next_attempt: Time.nullable(),
}).openapi("Webhook");

export const NewWebhook = Webhook.extend({
  secret: z.string().openapi({
    description: "Signs deliveries (Standard Webhooks): shown this once",
    example: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  }),
}).openapi("NewWebhook");

/** What one is made of. */
export const WebhookRequest = z.strictObject({
  url: Address,
  name: Name.optional().openapi({ description: "What it is for. Absent: the URL's host" }),
  ...viewLimits,
  format: Form.default("plain"),
  batch_size: BatchSize.default(100),
  authorization: Authorization.optional(),
  after: After.optional(),
  generation: Id.optional().openapi({
    description: "The log that `after` is of; of another one it is refused",
  }),
});

/** What may be changed. */
export const WebhookPatch = z.strictObject({
  url: Address.optional(),
  name: Name.optional(),
  rooms: RoomList.nullable().optional().openapi({ ...roomListDocument, description: "Null: all" }),
  types: TypeList.nullable().optional().openapi({ description: "Null: all" }),
  format: Form.optional(),
  batch_size: BatchSize.optional(),
  authorization: Authorization.nullable().optional(),
  paused: z.boolean().optional().openapi({
    description:
      "true: no delivery begins. false: goes on from the cursor, at once, whatever paused it or disabled it",
  }),
});

/** The URL as it is kept. Throws a problem where nothing may be sent to it. */
export function readAddress(text: string, rules: AddressRules): string {
  const refusal = URL.canParse(text)
    ? refuseUrl(new URL(text), rules)
    : "must be a URL that starts with https://";
  if (refusal) throw new ProblemError("invalid_request", `json.url: ${refusal}`);
  const url = new URL(text);
  url.hash = "";
  return url.href;
}

/** An attempt, as it was noted. */
export const WebhookDelivery = z.object({
  id: z.int(),
  time: Time,
  kind: z.enum(["events", "test", "verification"]),
  first: z.int().nullable().openapi({ description: "Its first event; null without events" }),
  last: z.int().nullable(),
  events: z.int().openapi({ description: "How many it had" }),
  status: z.int().nullable().openapi({ description: "What the receiver answered; null: nothing" }),
  ms: z.int().openapi({ description: "How long it took" }),
  bytes: z.int().openapi({ description: "Of the body that was sent" }),
  error: z.string().nullable().openapi({ description: "Why there is no answer" }),
}).openapi("WebhookDelivery");

/** What came of a test. */
export const WebhookTest = z.object({
  delivered: z.boolean(),
  status: z.int().nullable(),
  ms: z.int(),
  error: z.string().nullable(),
}).openapi("WebhookTest");
