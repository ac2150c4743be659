/**
 * Receives webhooks in Node.js (20 or later), without dependencies: checks the signature (Standard Webhooks), does
 * something with each event once, in order, and remembers in the file `received` how far it is.
 *
 *     TALKY_WEBHOOK_SECRET=whsec_… PORT=8080 node examples/receive_webhook.mjs
 *
 * The secret is in the answer to `POST /webhooks`; while one replaces another, give both, with a comma between.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const { TALKY_WEBHOOK_SECRET = "", PORT = "8080" } = process.env;
const keys = TALKY_WEBHOOK_SECRET.split(",").map((secret) =>
  Buffer.from(secret.replace(/^whsec_/, ""), "base64")
);

/** Which log it is, and the newest event that was dealt with. */
let received = { generation: "", id: 0 };
try {
  received = JSON.parse(readFileSync("received", "utf8"));
} catch {
  // The first time.
}

function isSigned({ headers }, body) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  // What somebody has kept and sends again is minutes old.
  if (!(Math.abs(Date.now() / 1000 - timestamp) < 300)) return false;
  const expected = keys.map((key) =>
    createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest()
  );
  return signatures.split(" ").filter((signature) => signature.startsWith("v1,")).some((signature) => {
    const given = Buffer.from(signature.slice(3), "base64");
    return expected.some((mac) => mac.length === given.length && timingSafeEqual(mac, given));
  });
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!isSigned(request, body)) return response.writeHead(401).end();
  // Besides `events` there are `verification` and `test`, which want nothing but to be answered.
  const { type, generation, events = [] } = JSON.parse(body);
  if (type === "events") {
    // Another log, restored by its owner: ids begin anew.
    if (generation !== received.generation) received = { generation, id: 0 };
    for (const event of events) {
      // A batch whose answer was lost comes again.
      if (event.id <= received.id) continue;
      console.log(event.id, event.time, event.type, event.actor_id ?? "");
      received.id = event.id;
    }
    writeFileSync("received", JSON.stringify(received));
  }
  // Only now: what is not answered with 2xx comes again.
  response.writeHead(204).end();
}).listen(Number(PORT), "127.0.0.1");
