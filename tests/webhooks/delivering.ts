/**
 * An API with instances that deliver its webhooks, within the test's process.
 *
 * @module
 */
import assert from "node:assert/strict";
import { postgresLog } from "../../db/event_log.ts";
import { secretsOpener } from "../../runtime/webhooks.ts";
import { webhookPoster } from "../../runtime/deno/webhook_post.ts";
import type { HubOptions } from "../../stream/hub.ts";
import type { DeliveryOptions } from "../../webhooks/context.ts";
import { type Deliveries, startDeliveries } from "../../webhooks/deliveries.ts";
import { type Api, testApi } from "../routes/api.ts";

/** Waits that a test can wait for. */
export const impatient: DeliveryOptions = {
  tendEvery: 50,
  passEvery: 50,
  timeout: 2000,
  patience: { from: 5, most: 50 },
};

/** The API, and what delivers. */
export interface Delivering extends Api {
  /** Another instance. */
  deliver(options?: DeliveryOptions): Deliveries;
  /** Asks as who may manage. The JSON of what must succeed. */
  // deno-lint-ignore no-explicit-any
  manage(method: string, path: string, body?: unknown): Promise<any>;
  /** The same, whatever comes of it. */
  ask(method: string, path: string, body?: unknown): Promise<Response>;
}

/** Starts one instance that delivers, unless `options` is null. */
export async function delivering(
  { events = 0, hub, options = impatient }: {
    readonly events?: number;
    readonly hub?: HubOptions;
    readonly options?: DeliveryOptions | null;
  } = {},
): Promise<Delivering> {
  const instances: Deliveries[] = [];
  const post = webhookPoster({ loopback: true });
  const api: Api = await testApi({
    events,
    ...hub && { hub },
    dependencies: {
      webhooks: {
        rules: { loopback: true },
        look: () => instances.forEach((instance) => instance.look()),
        post,
        openSecrets: (webhook) => secretsOpener(api.keys)(webhook),
      },
    },
  });
  const deliver: Delivering["deliver"] = (changed = {}) => {
    const { sql, hub, keys } = api;
    const parts = { sql, hub, log: postgresLog(sql), post, openSecrets: secretsOpener(keys) };
    const instance = startDeliveries(parts, { ...impatient, ...changed });
    instances.push(instance);
    return instance;
  };
  if (options) deliver(options);
  const token = await api.operatorToken("manage");
  const ask: Delivering["ask"] = (method, path, body) =>
    api.request(path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...body !== undefined && { body: JSON.stringify(body) },
    });
  return {
    ...api,
    deliver,
    ask,
    async manage(method, path, body) {
      const response = await ask(method, path, body);
      const text = await response.text();
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(instances.map((instance) => instance.stop()));
      await api[Symbol.asyncDispose]();
    },
  };
}
