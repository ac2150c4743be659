/**
 * The forms in which a webhook can be told.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import { type Delivery, plainBody } from "./batch.ts";

/** Names of the forms. */
export const formats = ["plain"] as const;
export type Format = (typeof formats)[number];

/** A batch that is to be told. */
export interface Batch {
  readonly id: string;
  readonly generation: string;
  readonly events: readonly LoggedEvent[];
}

/** A batch in a form; null where there is nothing in it that the form can say. */
export function formatBatch(_format: string, { id, generation, events }: Batch): Delivery | null {
  return { id, contentType: "application/json", body: plainBody(generation, events) };
}

/** The first delivery, without events; null where a form has none. */
export function formatVerification(_format: string, webhook: string): Delivery | null {
  return { ...said({ type: "verification", webhook }), id: `verification-${webhook}` };
}

/** A delivery that somebody asked for, to see whether it arrives. */
export function formatTest(_format: string, webhook: string): Delivery {
  return { ...said({ type: "test", webhook }), id: `test-${crypto.randomUUID()}` };
}

// ---

function said(value: object): Omit<Delivery, "id"> {
  return { contentType: "application/json", body: JSON.stringify(value) };
}
