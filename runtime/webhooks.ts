/**
 * Webhooks where they are delivered: what the deliveries stand on, and how they are.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Keys } from "../auth/keys.ts";
import { seal, unseal } from "../auth/sealed.ts";
import type { Settings } from "../config.ts";
import { isUnavailable, type Sql } from "../db/connect.ts";
import { postgresLog } from "../db/event_log.ts";
import { readWebhookFigures, resealSecrets, type WebhookFigures } from "../db/webhook_state.ts";
import type { Check, Dependencies } from "../routes/dependencies.ts";
import type { Hub } from "../stream/hub.ts";
import { type DeliveryParts, startDeliveries } from "../webhooks/deliveries.ts";
import type { Poster } from "../webhooks/poster.ts";
import { soon } from "./assemble.ts";

/** Webhooks that are delivered from here. */
export interface RunningWebhooks {
  readonly dependencies: NonNullable<Dependencies["webhooks"]>;
  /** As `/readyz` shows them: never a reason to be unready, for it is others who do not answer. */
  check(): Promise<Check>;
  /** The same, for metrics. */
  figures(): Promise<WebhookFigures | undefined>;
  stop(): Promise<void>;
}

/** Starts to deliver. */
export function startWebhooks(
  settings: Settings,
  keys: Keys,
  { sql, hub, post, onAttempt }: {
    readonly sql: Sql;
    readonly hub: Hub;
    readonly post: Poster;
    readonly onAttempt: NonNullable<DeliveryParts["onAttempt"]>;
  },
): RunningWebhooks {
  const openSecrets = secretsOpener(keys);
  const figures = webhookFigures(sql);
  const deliveries = startDeliveries({
    ...{ sql, hub, post, openSecrets, onAttempt, log: postgresLog(sql) },
    thresholds: settings.quality.thresholds,
    onTrouble: (error) => {
      if (error !== null && !isUnavailable(error)) log.error("Webhooks: {error}", { error });
    },
  }, { pauseAfter: settings.webhooks.pauseDays * 86_400_000 });
  // A key that is to go leaves nothing behind that only it opens.
  resealSecrets(sql, sealedAnew(keys)).catch((error) =>
    log.debug("Secrets stay as they are: {error}", { error })
  );
  return {
    dependencies: { rules: settings.webhooks, look: () => deliveries.look(), post, openSecrets },
    figures,
    check: async () => webhooksCheck(await figures()),
    stop: () => deliveries.stop(),
  };
}

/** Opens the secrets of a webhook that sign now. */
export function secretsOpener(keys: Keys): DeliveryParts["openSecrets"] {
  return async ({ id, secrets, sealed_authorization }) => {
    const now = Date.now();
    const current = secrets.filter(({ until }) => until === null || Date.parse(until) > now);
    const [newest, ...others] = await Promise.all(
      current.map(({ sealed }) => unseal(keys.sealing, sealed, id)),
    );
    const authorization = sealed_authorization && await unseal(keys.sealing, sealed_authorization, id);
    if (!newest || (sealed_authorization && !authorization)) return null;
    return { secrets: [newest, ...others.filter((secret) => secret !== null)], authorization };
  };
}

/** Seals with the first key what was sealed with another one. */
export function sealedAnew(keys: Keys): (id: string, sealed: string) => Promise<string> {
  return async (id, sealed) => {
    const [first] = keys.sealing;
    if (await unseal([first], sealed, id) !== null) return sealed;
    const text = await unseal(keys.sealing, sealed, id);
    return text === null ? sealed : await seal(keys.sealing, text, id);
  };
}

/** How webhooks are: asked once for all who ask at the same time; undefined where the database does not say soon. */
export function webhookFigures(sql: Sql): () => Promise<WebhookFigures | undefined> {
  let asking: Promise<WebhookFigures | undefined> | undefined;
  const ask = () => readWebhookFigures(sql).catch(() => undefined).finally(() => asking = undefined);
  return () => soon(asking ??= ask(), undefined);
}

/** How `/readyz` shows them. */
export function webhooksCheck(figures: WebhookFigures | undefined): Check {
  // The database's own check says so.
  if (!figures) return { ok: true };
  const { states, failing, oldest } = figures;
  const stopped = (["paused", "disabled", "behind", "other_log"] as const)
    .filter((state) => states[state] > 0).map((state) => `${states[state]} ${state}`);
  const trouble = [...failing > 0 ? [`${failing} failing`] : [], ...stopped].join(", ");
  return {
    ok: true,
    ...states,
    failing,
    oldest: oldest === null ? null : Math.round(oldest),
    ...trouble && { degraded: `webhooks: ${trouble}` },
  };
}

// ---

const log = getLogger(["talky", "webhooks"]);
