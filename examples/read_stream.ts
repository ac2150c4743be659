/**
 * Reads the live stream in Deno, and goes on where it was after a restart: the cursor is kept in a file.
 *
 *     deno run --allow-net --allow-env --allow-read=cursor --allow-write=cursor examples/read_stream.ts
 *
 * `TALKY_URL` and `TALKY_TOKEN` say where and with which key (`deno task token`).
 *
 * @module
 */
import { readEvents } from "../client/mod.ts";

const url = Deno.env.get("TALKY_URL") ?? "http://localhost:8001";
const token = Deno.env.get("TALKY_TOKEN") ?? "";

const after = Number(await Deno.readTextFile("cursor").catch(() => "0"));
for await (const event of readEvents({ url, token, after })) {
  console.log(event.id, event.time, event.type, event.actor_id ?? "");
  // Only what has been dealt with: what comes again after a crash is the last event, never a gap.
  await Deno.writeTextFile("cursor", String(event.id));
}
