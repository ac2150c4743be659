/**
 * The forms in which a webhook can be told.
 *
 * @module
 */
import type { EventType } from "../events/event.ts";
import { plainBody } from "./batch.ts";
import { chat, escapeMattermost, escapeSlack } from "./chat.ts";
import { eventSync } from "./event_sync.ts";
import { issuesForm } from "./issues_form.ts";
import { type Form, jsonDelivery } from "./form.ts";

/** Names of the forms. */
export const formats = ["plain", "slack", "mattermost", "event_sync", "issues"] as const;
export type Format = (typeof formats)[number];

const plain: Form = {
  most: 100,
  batch: ({ id, generation, events }) =>
    Promise.resolve({ id, contentType: "application/json", body: plainBody(generation, events) }),
  verification: (webhook) => jsonDelivery(`verification-${webhook}`, { type: "verification", webhook }),
  test: (webhook) => jsonDelivery(`test-${crypto.randomUUID()}`, { type: "test", webhook }),
};

/** The forms, by name. */
export const forms: Readonly<Record<Format, Form>> = {
  plain,
  slack: chat(escapeSlack),
  mattermost: chat(escapeMattermost),
  event_sync: eventSync,
  issues: issuesForm,
};

/** A form by the name that a row has: one that is not known is plain. */
export function formOf(format: string): Form {
  return forms[format as Format] ?? plain;
}

/** Of which types a webhook is told; null: of all. */
export function typesTold(format: string, wanted: readonly EventType[] | null): readonly EventType[] | null {
  const { types } = formOf(format);
  if (!types) return wanted;
  return wanted ? wanted.filter((type) => types.includes(type)) : types;
}
