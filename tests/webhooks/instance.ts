/**
 * An instance that delivers webhooks, as a process of its own that a test can stop and kill: `DATABASE_URL`,
 * `TALKY_SECRET`, `LEASE` (milliseconds). Prints who it is in the leases.
 *
 * @module
 */
import { deriveKeys } from "../../auth/keys.ts";
import { connect } from "../../db/connect.ts";
import { postgresLog } from "../../db/event_log.ts";
import { webhookPoster } from "../../runtime/deno/webhook_post.ts";
import { secretsOpener } from "../../runtime/webhooks.ts";
import { startHub } from "../../stream/hub.ts";
import { startDeliveries } from "../../webhooks/deliveries.ts";

const environment = (name: string) => Deno.env.get(name)!;

const sql = connect(environment("DATABASE_URL"), { max: 4 });
const log = postgresLog(sql);
const deliveries = startDeliveries({
  ...{ sql, log, hub: await startHub(log, { pollEvery: 200 }) },
  post: webhookPoster({ loopback: true }),
  openSecrets: secretsOpener(await deriveKeys(environment("TALKY_SECRET"))),
}, {
  leaseFor: Number(environment("LEASE")),
  timeout: Number(environment("LEASE")) / 2,
  tendEvery: 100,
  patience: { from: 20, most: 100 },
});
console.log(deliveries.status().holder);
