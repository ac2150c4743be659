/**
 * Events as Jitsi's Prosody module `event_sync` sends them, so that its receivers work unchanged: four payloads, each
 * to a path of its own below the webhook's URL (`api_prefix` there). One event a delivery; times in seconds since 1970.
 * https://github.com/jitsi-contrib/prosody-plugins/tree/main/event_sync
 *
 * @module
 */
import type { Names } from "../db/webhook_names.ts";
import { claimsOf, type Form, type FormSource, jsonDelivery, readEvents, type ToldEvent } from "./form.ts";

export const eventSync: Form = {
  types: ["room_created", "room_destroyed", "occupant_joined", "occupant_left"],
  most: 1,
  async batch({ id, generation, events: [logged] }, source) {
    const [event] = readEvents(logged ? [logged] : []);
    if (!event?.room_id) return null;
    const name = nameOf(event);
    if (name === null) return null;
    const { stays, names } = await storyOf(event, generation, source);
    const room = names.rooms.get(event.room_id);
    if (!room) return null;
    const payload = {
      event_name: `muc-${name}`,
      room_name: room.jid.slice(0, room.jid.indexOf("@")),
      room_jid: room.jid,
      is_breakout: false,
      ...detailsOf(event, seconds(room.created), stays),
    };
    return jsonDelivery(id, payload, `/events/${name.replace("-", "/")}`);
  },
  // Its receivers know these four and nothing else.
  verification: () => null,
  test: (webhook) => jsonDelivery(`test-${crypto.randomUUID()}`, { event_name: "test", webhook }),
};

// ---

/** Somebody's last stay in the room, as the module tells of it. */
interface Stay {
  readonly occupant_jid: string;
  readonly name?: string;
  readonly id?: string;
  readonly email?: string;
  readonly joined_at: number;
  readonly left_at?: number;
}

const seconds = (time: string) => Math.floor(Date.parse(time) / 1000);

/** What Jitsi calls it; null for what it has no name for. */
function nameOf({ type }: ToldEvent): string | null {
  switch (type) {
    case "room_created":
      return "room-created";
    case "room_destroyed":
      return "room-destroyed";
    case "occupant_joined":
      return "occupant-joined";
    case "occupant_left":
      return "occupant-left";
    default:
      return null;
  }
}

/** Who was in the room up to this event, by the log: the same at every attempt. */
async function storyOf(
  event: ToldEvent,
  generation: string,
  { log, names: readNames }: FormSource,
): Promise<{ stays: ReadonlyMap<string, Stay>; names: Names }> {
  const logged = event.type === "room_created" ? [] : await log.readAfter(0, {
    upTo: event.id,
    limit: mostStays,
    generation,
    filter: { rooms: [event.room_id!], types: ["occupant_joined", "occupant_left"] },
  });
  const events = readEvents(logged);
  const sessions = new Set(events.map(({ actor_id }) => actor_id).filter((id) => id !== null));
  const names = await readNames([event.room_id!], [...sessions]);
  const stays = new Map<string, Stay>();
  for (const { type, actor_id, time } of events) {
    if (actor_id === null) continue;
    if (type === "occupant_joined") stays.set(actor_id, joined(actor_id, time, names));
    else {stays.set(actor_id, {
        ...stays.get(actor_id) ?? joined(actor_id, time, names),
        left_at: seconds(time),
      });}
  }
  return { stays, names };
}

function joined(sessionid: string, time: string, { people }: Names): Stay {
  const person = people.get(sessionid);
  const { name, email, id } = claimsOf(person?.customerData ?? {});
  const userid = person?.userid ?? "";
  // A guest has no id of its own, as without a token there.
  const own = id ?? (userid.includes("@users.") ? userid.slice(0, userid.indexOf("@")) : undefined);
  return {
    ...name && { name },
    ...email && { email },
    ...own && { id: own },
    occupant_jid: userid ? `${userid}/${sessionid}` : sessionid,
    joined_at: seconds(time),
  };
}

function detailsOf(
  { type, actor_id, time }: ToldEvent,
  created: number,
  stays: ReadonlyMap<string, Stay>,
): object {
  const active_occupants_count = [...stays.values()].filter(({ left_at }) => left_at === undefined).length;
  switch (type) {
    case "room_created":
      return { created_at: created };
    case "room_destroyed":
      return { created_at: created, destroyed_at: seconds(time), all_occupants: [...stays.values()] };
    default:
      return { active_occupants_count, occupant: stays.get(actor_id ?? "") };
  }
}

/** Of one room's life; who came after so many comings and goings is not told of. */
const mostStays = 20_000;
