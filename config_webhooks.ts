/**
 * Settings of webhooks: where they may be sent, and how long a receiver may be away.
 *
 * @module
 */
import { z } from "zod";

/** The settings' names, defaults and checks. */
export const webhookSettings = {
  TALKY_WEBHOOKS_TO_LOOPBACK: z.enum(["on", "off"], { error: "must be on or off" })
    .transform((value) => value === "on").optional(),
  TALKY_WEBHOOK_PAUSE_DAYS: z.string().regex(
    /^[1-9]\d{0,3}$/,
    "must be a whole number of days, from 1 to 9999",
  )
    .transform(Number).default(5),
};

/** How webhooks are delivered. */
export interface WebhookSettings {
  /** Whether they may be sent to this machine's own addresses, by http as well. */
  readonly loopback: boolean;
  /** Days without a success after which a webhook is paused. */
  readonly pauseDays: number;
}

/** The settings as the service uses them. */
export function readWebhooks(
  value: z.infer<z.ZodObject<typeof webhookSettings>>,
  environment: "development" | "production",
): WebhookSettings {
  return {
    loopback: value.TALKY_WEBHOOKS_TO_LOOPBACK ?? environment === "development",
    pauseDays: value.TALKY_WEBHOOK_PAUSE_DAYS,
  };
}
