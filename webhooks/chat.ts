/**
 * Events as a line each in a channel: Slack's and Mattermost's incoming webhooks, which take `{"text": …}`.
 *
 * @module
 */
import type { Names } from "../db/webhook_names.ts";
import { type EventType, eventTypes } from "../events/event.ts";
import { claimsOf, type Form, jsonDelivery, readEvents, type ToldEvent } from "./form.ts";

/** A form for a channel whose texts are written by `escape`. */
export function chat(escape: (text: string) => string): Form {
  return {
    // Measurements come by the minute from everybody.
    types: eventTypes.filter((type) => type !== "p2p_session_stats"),
    // Mattermost takes 16,383 characters, Slack 40,000.
    most: 50,
    async batch({ id, events: logged }, source) {
      const events = readEvents(logged);
      const people = events.flatMap(({ actor_id, peer_id }) => [actor_id, peer_id]).filter(isThere);
      const names = await source.names(events.map(({ room_id }) => room_id).filter(isThere), people);
      const text = events.map((event) => escape(lineOf(event, names))).join("\n");
      return jsonDelivery(id, { text });
    },
    verification: (webhook) =>
      jsonDelivery(`verification-${webhook}`, { text: "Talky tells here what happens in calls." }),
    test: () =>
      jsonDelivery(`test-${crypto.randomUUID()}`, { text: "A test by Talky: this channel is reached." }),
  };
}

/** Slack: three characters have a meaning (https://docs.slack.dev/messaging/formatting-message-text). */
export const escapeSlack = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Mattermost: Markdown, and names that call everybody. */
export const escapeMattermost = (text: string) =>
  text.replace(/[\\`*_{}[\]()#+\-!|~<>]/g, "\\$&").replaceAll("@", "@\u200b");

// ---

/** What is said of each, after the person's name, or of the room. `{peer}` is the other one. */
const sayings: Readonly<Record<EventType, string>> = {
  room_created: "the call began",
  room_destroyed: "the call ended",
  room_locked: "locked the room",
  room_unlocked: "unlocked the room",
  occupant_joined: "joined",
  occupant_left: "left",
  message_sent: "sent a message",
  screencapture_started: "shares the screen",
  screencapture_ended: "shares the screen no more",
  rtt_enabled: "turned real-time text on",
  rtt_disabled: "turned real-time text off",
  p2p_session_started: "is connected to {peer}",
  p2p_session_ended: "is connected to {peer} no more",
  p2p_session_stats: "measured the connection to {peer}",
  video_paused: "turned the camera off",
  video_resumed: "turned the camera on",
  audio_paused: "muted the microphone",
  audio_resumed: "unmuted the microphone",
};

/** `12:03:04 daily: Ada joined`, in UTC. Names are somebody's own, and bounded. */
function lineOf({ type, room_id, actor_id, peer_id, time }: ToldEvent, names: Names): string {
  const room = brief(names.rooms.get(room_id ?? "")?.name ?? "no room");
  const saying = sayings[type].replace("{peer}", () => personOf(peer_id, names));
  const isOfRoom = type === "room_created" || type === "room_destroyed";
  const said = isOfRoom ? saying : `${personOf(actor_id, names)} ${saying}`;
  return `${new Date(time).toISOString().slice(11, 19)} ${room}: ${said}`;
}

function personOf(sessionid: string | null, { people }: Names): string {
  const person = people.get(sessionid ?? "");
  const { name } = claimsOf(person?.customerData ?? {});
  if (name) return brief(name);
  const [node = "", host = ""] = (person?.userid ?? "").split("@");
  return node && host.startsWith("users.") ? brief(node) : `guest ${sessionid?.slice(0, 8) ?? ""}`.trim();
}

/** In one line, and not long. */
function brief(text: string): string {
  const line = [...text.replace(/\s+/g, " ")];
  return line.length > 40 ? `${line.slice(0, 39).join("")}…` : line.join("");
}

const isThere = (id: string | null) => id !== null;
