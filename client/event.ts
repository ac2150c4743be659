/**
 * Events as the service sends them. This folder stands alone: no dependencies, runs in browsers, Deno and
 * Node.js 22.
 *
 * @module
 */

/** The eighteen event types. */
export type EventType =
  | "room_created"
  | "room_destroyed"
  | "room_locked"
  | "room_unlocked"
  | "occupant_joined"
  | "occupant_left"
  | "message_sent"
  | "screencapture_started"
  | "screencapture_ended"
  | "rtt_enabled"
  | "rtt_disabled"
  | "p2p_session_started"
  | "p2p_session_ended"
  | "p2p_session_stats"
  | "video_paused"
  | "video_resumed"
  | "audio_paused"
  | "audio_resumed";

/** An event of the log. */
export interface TalkyEvent {
  /** Position in the log: dense, in commit order. Resume with it as `after`. */
  readonly id: number;
  readonly type: EventType;
  readonly room_id: string | null;
  /** Session that did it. */
  readonly actor_id: string | null;
  /** The other session, for p2p events. */
  readonly peer_id: string | null;
  /** When it happened, RFC 3339 UTC. */
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}
