/**
 * The eighteen event types of a call, and what the `data` of each one holds.
 *
 * These schemas are the single source of the payload contract: ingest validates with them, the OpenAPI
 * document is generated from them, and the simulation and the tests are typed by them. `data` is open
 * for a source's additions, closed for contradictions: unknown keys are kept, known keys must fit.
 *
 * @module
 */
import { z } from "zod";

/** A moment: RFC 3339, UTC, at least milliseconds where we write it. */
export const Time = z.iso.datetime({ offset: true });

/** The identifier of a room's life or of a session: a UUID in lower case. */
export const Id = z.uuid().toLowerCase();

/** What an event may say of how it came into the log. */
const marks = {
  /** It was not seen but concluded, when a source came back after a crash (ADR 0004). */
  reconciled: z.literal(true).optional(),
  /** It was refused at first and comes after its time (ADR 0007). */
  replayed: z.literal(true).optional(),
};

const plain = z.looseObject(marks);

/** An SDP-like count of what one Jingle session carries. Media sessions are one-directional. */
const p2pStarted = z.looseObject({
  /** The Jingle `sid` (XEP-0166), unique between the two peers. */
  sid: z.string().min(1).max(255),
  /** Names of the negotiated contents' media, without repetition: `["audio", "video"]`. */
  media: z.array(z.string().max(64)).max(16).optional(),
  /** Set when the session carries a shared screen: the same id as `screencapture_started`. */
  screen: z.string().max(255).optional(),
  ...marks,
});

const p2pEnded = z.looseObject({
  sid: z.string().min(1).max(255),
  /**
   * The Jingle reason (XEP-0166 §7.4); `left` when a peer's leaving ended it; the condition of the error with
   * which a peer refused it or said that it has no such session (`unknown-session`, `tie-break` …); `replaced`
   * when it began anew under its sid.
   */
  reason: z.string().max(255).optional(),
  ...marks,
});

const screen = z.looseObject({
  /** Identifies this sharing of the screen among those of its owner. */
  screen: z.string().min(1).max(255),
  ...marks,
});

/** The id of an earlier message, as the client names it: its stanza id, or the one that the room gave it. */
const messageId = z.string().min(1).max(255).optional();

/**
 * The fields of a `message_sent` that is about an earlier message and so is not one more: what counts messages
 * leaves those with any of them out.
 */
export const messageReferences = ["corrects", "retracts", "reacts", "marks", "attaches"] as const;

/** Payload schema of each event type. The keys are the eighteen types, and their order is the contract's. */
export const payloads = {
  room_created: z.looseObject({ name: z.string().max(1023), ...marks }),
  room_destroyed: z.looseObject({ reason: z.string().max(1000).optional(), ...marks }),
  room_locked: plain,
  room_unlocked: plain,
  occupant_joined: z.looseObject({
    /** Bare JID of the user behind the session. */
    userid: z.string().max(3071),
    role: z.string().max(32).optional(),
    affiliation: z.string().max(32).optional(),
    ...marks,
  }),
  occupant_left: z.looseObject({
    /**
     * `left` (said so), `disconnected` (the connection went), `kicked`, `banned`, `removed` (the room or an
     * affiliation changed), `error` (taken out for an error, its connection lives), `renamed`, `shutdown`,
     * `destroyed` (with the room) or `unknown` (nobody watches the room any more).
     */
    cause: z.string().max(32).optional(),
    /** What the kicking moderator, the leaving client or the room wrote. */
    reason: z.string().max(1000).optional(),
    ...marks,
  }),
  message_sent: z.looseObject({
    /** Number of characters (Unicode code points) of the body; 0 for a retraction without one. */
    length: z.int().nonnegative(),
    /** Only with `TALKY_MESSAGE_BODIES=on`. */
    body: z.string().optional(),
    /** The message that this text replaces (XEP-0308). */
    corrects: messageId,
    /** The message that is taken back (XEP-0424, XEP-0425); the body, if any, says so to clients that do not know. */
    retracts: messageId,
    /** The message that this is a reaction to (XEP-0444). */
    reacts: messageId,
    /** The message that this says was received, displayed or acknowledged (XEP-0333). */
    marks: messageId,
    /** The message that this attaches something to (XEP-0422). */
    attaches: messageId,
    /** The namespace in which the message is encrypted: its body is a hint for clients that cannot read it. */
    encrypted: z.string().max(255).optional(),
    ...marks,
  }),
  screencapture_started: screen,
  screencapture_ended: screen,
  rtt_enabled: plain,
  rtt_disabled: plain,
  p2p_session_started: p2pStarted,
  p2p_session_ended: p2pEnded,
  /** Whatever the client measured: the numbers of RTCPeerConnection.getStats, by its own names. */
  p2p_session_stats: z.record(z.string(), z.unknown()),
  video_paused: plain,
  video_resumed: plain,
  audio_paused: plain,
  audio_resumed: plain,
} as const;

/** The name of an event type. */
export type EventType = keyof typeof payloads;

/** All eighteen, in the contract's order. */
export const eventTypes = Object.keys(payloads) as [EventType, ...EventType[]];

/** Schema of an event type's name. */
export const EventTypeName = z.enum(eventTypes);

/** An event as the log keeps it and every API shows it. */
export const Event = z.object({
  /** Position in the log: dense, strictly increasing in commit order. */
  id: z.int().positive(),
  type: EventTypeName,
  room_id: Id.nullable(),
  /** Session that did it; null where nobody did (a room that closed because it was empty). */
  actor_id: Id.nullable(),
  /** The other session, where there are two: p2p events. */
  peer_id: Id.nullable(),
  /** When it happened, by the source's clock. */
  time: Time,
  data: z.record(z.string(), z.unknown()),
});
export type Event = z.infer<typeof Event>;

/** An event that has no place in the log yet. */
export type NewEvent = Omit<Event, "id">;
