/**
 * Reads the live stream in Node.js (20 or later), as server-sent events by npm's `eventsource`, which comes back by
 * itself and resumes by `Last-Event-ID`.
 *
 *     npm install eventsource && node examples/read_stream.mjs
 *
 * `TALKY_URL` and `TALKY_TOKEN` say where and with which key; `TALKY_AFTER`, after which event (0: from the first).
 */
import { EventSource } from "eventsource";

const { TALKY_URL = "http://localhost:8001", TALKY_TOKEN = "", TALKY_AFTER = "0" } = process.env;

const source = new EventSource(`${TALKY_URL}/stream?after=${TALKY_AFTER}`, {
  fetch: (input, init) =>
    fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${TALKY_TOKEN}` } }),
});
source.addEventListener("message", ({ data }) => {
  const event = JSON.parse(data);
  console.log(event.id, event.time, event.type, event.actor_id ?? "");
});
// 401 and 403 stay: everything else is tried again.
source.addEventListener("error", ({ code, message }) => console.error("away:", code ?? "", message ?? ""));
