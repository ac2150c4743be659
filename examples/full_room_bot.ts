/**
 * A bot that posts `{"text": …}` (Slack's and Mattermost's shape) to a URL when a room fills.
 *
 *     deno run --allow-net --allow-env examples/full_room_bot.ts https://hooks.example/… 4
 *
 * The first argument is where to post, the second how many people are a full room. `TALKY_URL` and `TALKY_TOKEN` say
 * where to read and with which key. It posts once as a room fills, and again when it has been less full meanwhile.
 *
 * @module
 */
import { readEvents } from "../client/mod.ts";

const [hook, size = "4"] = Deno.args;
const full = Number(size);
if (!hook || !(full > 0)) throw new Error("say where to post, and how many people are a full room");
const url = Deno.env.get("TALKY_URL") ?? "http://localhost:8001";
const token = Deno.env.get("TALKY_TOKEN") ?? "";

/** Rooms that have been told of. */
const told = new Set<string>();

const types = ["occupant_joined", "occupant_left", "room_destroyed"] as const;
for await (const event of readEvents({ url, token, types })) {
  const { room_id } = event;
  if (!room_id) continue;
  if (event.type === "room_destroyed") told.delete(room_id);
  else {
    const { name, occupants } = await readRoom(room_id);
    if (occupants.length < full) told.delete(room_id);
    else if (!told.has(room_id)) {
      told.add(room_id);
      await post(`${name} is full: ${occupants.length} people`);
    }
  }
}

interface Room {
  readonly name: string;
  readonly occupants: readonly unknown[];
}

async function readRoom(id: string): Promise<Room> {
  const response = await fetch(`${url}/rooms/${id}`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return await response.json();
}

async function post(text: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(hook!, { method: "POST", headers, body: JSON.stringify({ text }) });
  await response.body?.cancel();
  if (!response.ok) console.error(`the hook answers ${response.status}`);
}
