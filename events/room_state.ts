/**
 * What a room looks like at one moment: the fold of its events up to there. Used to close what a crashed
 * source left open, and to show the room as it was.
 *
 * @module
 */
import type { EventType, NewEvent } from "./event.ts";
import type { RoomEvent } from "./record.ts";

/** One occupant, and what is on with them. */
export interface OccupantState {
  readonly sessionid: string;
  /** Bare JID of the user behind it. */
  readonly userid: string;
  readonly joined: string;
  audio_paused: boolean;
  video_paused: boolean;
  rtt: boolean;
  /** Ids of the screens they share. */
  readonly screens: Set<string>;
}

/** A p2p session between two occupants. */
export interface P2pSession {
  readonly sid: string;
  readonly actor_id: string;
  readonly peer_id: string;
  readonly since: string;
  /** What it carries, from actor to peer; null where it does not say. */
  readonly media: readonly string[] | null;
  /** The id of the screen that it carries; null: none. */
  readonly screen: string | null;
}

/** A room at one moment. */
export interface RoomState {
  open: boolean;
  locked: boolean;
  readonly occupants: Map<string, OccupantState>;
  /** By both peers and sid. */
  readonly p2p: Map<string, P2pSession>;
}

/** What the fold needs of an event. */
export type StateEvent = Pick<NewEvent, "type" | "actor_id" | "peer_id" | "time" | "data">;

/** A room nobody has created yet. */
export function emptyRoom(): RoomState {
  return { open: false, locked: false, occupants: new Map(), p2p: new Map() };
}

/** Moves a room's state on by one event. */
export function advance(state: RoomState, event: StateEvent): void {
  const occupant = event.actor_id === null ? undefined : state.occupants.get(event.actor_id);
  switch (event.type) {
    case "room_created":
      state.open = true;
      break;
    case "room_destroyed":
      state.open = false;
      state.occupants.clear();
      state.p2p.clear();
      break;
    case "room_locked":
    case "room_unlocked":
      state.locked = event.type === "room_locked";
      break;
    case "occupant_joined":
      if (event.actor_id !== null && !occupant) state.occupants.set(event.actor_id, arrived(event));
      break;
    case "occupant_left":
      if (event.actor_id !== null) depart(state, event.actor_id);
      break;
    case "screencapture_started":
      occupant?.screens.add(String(event.data["screen"]));
      break;
    case "screencapture_ended":
      occupant?.screens.delete(String(event.data["screen"]));
      break;
    case "rtt_enabled":
    case "rtt_disabled":
      if (occupant) occupant.rtt = event.type === "rtt_enabled";
      break;
    case "audio_paused":
    case "audio_resumed":
      if (occupant) occupant.audio_paused = event.type === "audio_paused";
      break;
    case "video_paused":
    case "video_resumed":
      if (occupant) occupant.video_paused = event.type === "video_paused";
      break;
    case "p2p_session_started":
      if (event.actor_id !== null && event.peer_id !== null) {
        const { sid, media, screen } = event.data;
        const session = {
          sid: String(sid),
          actor_id: event.actor_id,
          peer_id: event.peer_id,
          since: event.time,
          media: Array.isArray(media) ? media.map(String) : null,
          screen: typeof screen === "string" ? screen : null,
        };
        state.p2p.set(p2pKey(session), session);
      }
      break;
    case "p2p_session_ended":
      if (event.actor_id !== null && event.peer_id !== null) {
        const sid = String(event.data["sid"]);
        state.p2p.delete(p2pKey({ sid, actor_id: event.actor_id, peer_id: event.peer_id }));
      }
      break;
  }
}

/**
 * The events that close everything a room still has open, in the order a living source would have sent
 * them: each occupant's rtt, screens and p2p sessions, then their leaving, then the room's end.
 */
export function endings(room_id: string, state: RoomState, time: string): RoomEvent[] {
  const events: RoomEvent[] = [];
  const end = (
    type: EventType,
    actor_id: string | null,
    data: Record<string, unknown> = {},
    peer_id: string | null = null,
  ) => events.push({ type, room_id, actor_id, peer_id, time, data: { ...data, reconciled: true } });

  const p2p = new Map(state.p2p);
  for (const occupant of state.occupants.values()) {
    const id = occupant.sessionid;
    if (occupant.rtt) end("rtt_disabled", id);
    for (const screen of occupant.screens) end("screencapture_ended", id, { screen });
    for (const [key, session] of p2p) {
      if (session.actor_id !== id && session.peer_id !== id) continue;
      const other = session.actor_id === id ? session.peer_id : session.actor_id;
      end("p2p_session_ended", id, { sid: session.sid, reason: "left" }, other);
      p2p.delete(key);
    }
    end("occupant_left", id, { cause: "disconnected" });
  }
  if (state.open) end("room_destroyed", null);
  return events;
}

// ---

function arrived(event: StateEvent): OccupantState {
  return {
    sessionid: event.actor_id!,
    userid: String(event.data["userid"]),
    joined: event.time,
    audio_paused: false,
    video_paused: false,
    rtt: false,
    screens: new Set(),
  };
}

function depart(state: RoomState, sessionid: string): void {
  state.occupants.delete(sessionid);
  for (const [key, session] of state.p2p) {
    if (session.actor_id === sessionid || session.peer_id === sessionid) state.p2p.delete(key);
  }
}

/** A sid is unique between two peers, whoever of them speaks. */
function p2pKey({ sid, actor_id, peer_id }: Pick<P2pSession, "sid" | "actor_id" | "peer_id">): string {
  return JSON.stringify(actor_id < peer_id ? [actor_id, peer_id, sid] : [peer_id, actor_id, sid]);
}
