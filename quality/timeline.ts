/**
 * Who was in a room when, with what paused, shared and connected: a room's events as spans of time, so that any
 * moment can be asked for. The server's own view, in one order.
 *
 * @module
 */
import type { Event } from "../events/event.ts";

/** A stretch of time, and the events that show it. Milliseconds since 1970. */
export interface Span {
  readonly begin: number;
  end: number | null;
  readonly began: number;
  ended: number | null;
}

/** A stay of a session in the room. */
export interface StaySpan extends Span {
  readonly sessionid: string;
  readonly userid: string;
  /** Why it ended: `left`, `disconnected` … */
  cause: string | null;
  /** Its end was concluded after a crash (ADR 0004). */
  reconciled: boolean;
}

/** A Jingle session: in it `actor` sends to `peer`, for media sessions are one-directional. */
export interface SessionSpan extends Span {
  readonly sid: string;
  readonly actor: string;
  readonly peer: string;
  /** Null: it did not say. */
  readonly media: readonly string[] | null;
  readonly screen: string | null;
  reason: string | null;
}

/** A medium that somebody can hear or see of another. */
export type Media = "audio" | "video" | "screen";

/** What happened in a room. */
export interface Timeline {
  readonly stays: readonly StaySpan[];
  readonly sessions: readonly SessionSpan[];
  readonly pauses: readonly (Span & { readonly sessionid: string; readonly media: "audio" | "video" })[];
  readonly screens: readonly (Span & { readonly sessionid: string; readonly screen: string })[];
  /** The room's end: its moment and event. */
  readonly ended: { readonly time: number; readonly event: number } | null;
  /** The moment of the last event. */
  readonly until: number;
}

/** What the timeline needs of an event. */
export type TimelineEvent = Pick<Event, "id" | "type" | "actor_id" | "peer_id" | "time" | "data">;

/** The timeline of a room's events, in the order in which they happened. */
export function timelineOf(events: Iterable<TimelineEvent>): Timeline {
  const open = {
    stays: new Map<string, StaySpan>(),
    sessions: new Map<string, SessionSpan>(),
    pauses: new Map<string, Timeline["pauses"][number]>(),
    screens: new Map<string, Timeline["screens"][number]>(),
  };
  const stays: StaySpan[] = [];
  const sessions: SessionSpan[] = [];
  const pauses: Timeline["pauses"][number][] = [];
  const screens: Timeline["screens"][number][] = [];
  let ended: Timeline["ended"] = null;
  let until = 0;

  for (const { id, type, actor_id, peer_id, time: written, data } of events) {
    // A clock may have gone back: what is told later is later.
    const time = until = Math.max(until, Date.parse(written));
    const begins = { begin: time, end: null, began: id, ended: null };
    const close = <S extends Span>(spans: Map<string, S>, key: string): S | undefined => {
      const span = spans.get(key);
      if (!span) return undefined;
      spans.delete(key);
      return Object.assign(span, { end: time, ended: id });
    };
    const begin = <S extends Span>(spans: Map<string, S>, all: S[], key: string, span: S) => {
      if (spans.has(key)) return;
      spans.set(key, span);
      all.push(span);
    };
    const leave = (sessionid: string, cause: string | null) => {
      const stay = close(open.stays, sessionid);
      if (stay) Object.assign(stay, { cause, reconciled: data["reconciled"] === true });
      for (const media of ["audio", "video"]) close(open.pauses, `${sessionid} ${media}`);
      for (const [key, span] of open.screens) if (span.sessionid === sessionid) close(open.screens, key);
      for (const [key, { actor, peer }] of open.sessions) {
        if (actor !== sessionid && peer !== sessionid) continue;
        const session = close(open.sessions, key);
        if (session) session.reason = "left";
      }
    };

    if (type === "room_destroyed") {
      for (const sessionid of [...open.stays.keys()]) leave(sessionid, "destroyed");
      ended = { time, event: id };
    }
    if (actor_id === null) continue;
    switch (type) {
      case "occupant_joined": {
        const userid = String(data["userid"]);
        const stay = { ...begins, sessionid: actor_id, userid, cause: null, reconciled: false };
        begin(open.stays, stays, actor_id, stay);
        break;
      }
      case "occupant_left":
        leave(actor_id, typeof data["cause"] === "string" ? data["cause"] : null);
        break;
      case "audio_paused":
      case "video_paused": {
        const media = type === "audio_paused" ? "audio" : "video";
        begin(open.pauses, pauses, `${actor_id} ${media}`, { ...begins, sessionid: actor_id, media });
        break;
      }
      case "audio_resumed":
      case "video_resumed":
        close(open.pauses, `${actor_id} ${type === "audio_resumed" ? "audio" : "video"}`);
        break;
      case "screencapture_started": {
        const screen = String(data["screen"]);
        begin(open.screens, screens, `${actor_id} ${screen}`, { ...begins, sessionid: actor_id, screen });
        break;
      }
      case "screencapture_ended":
        close(open.screens, `${actor_id} ${data["screen"]}`);
        break;
      case "p2p_session_started":
        if (peer_id === null) break;
        begin(open.sessions, sessions, sessionKey(actor_id, peer_id, data["sid"]), {
          ...begins,
          sid: String(data["sid"]),
          actor: actor_id,
          peer: peer_id,
          media: Array.isArray(data["media"]) ? data["media"].map(String) : null,
          screen: typeof data["screen"] === "string" ? data["screen"] : null,
          reason: null,
        });
        break;
      case "p2p_session_ended": {
        if (peer_id === null) break;
        const session = close(open.sessions, sessionKey(actor_id, peer_id, data["sid"]));
        if (session) session.reason = typeof data["reason"] === "string" ? data["reason"] : null;
      }
    }
  }
  return { stays, sessions, pauses, screens, ended, until };
}

/** Whether a moment lies in a span. */
export function covers({ begin, end }: Span, moment: number): boolean {
  return begin <= moment && (end === null || moment < end);
}

/** The stay of a session at a moment. */
export function stayAt({ stays }: Timeline, sessionid: string, moment: number): StaySpan | undefined {
  return stays.find((stay) => stay.sessionid === sessionid && covers(stay, moment));
}

/** Who is present at a moment. */
export function presentAt({ stays }: Timeline, moment: number): string[] {
  return [...new Set(stays.filter((stay) => covers(stay, moment)).map(({ sessionid }) => sessionid))];
}

/** Whether a session carries a medium from one to another. */
export function carries(
  session: SessionSpan,
  { speaker, hearer, media }: { readonly speaker: string; readonly hearer: string; readonly media: Media },
): boolean {
  if (session.actor !== speaker || session.peer !== hearer) return false;
  if (media === "screen") return session.screen !== null;
  return session.screen === null && (session.media?.includes(media) ?? true);
}

/** The pause of somebody's microphone or camera at a moment. */
export function pauseAt(
  { pauses }: Timeline,
  sessionid: string,
  media: Media,
  moment: number,
): Span | undefined {
  return pauses.find((pause) =>
    pause.sessionid === sessionid && pause.media === media && covers(pause, moment)
  );
}

// ---

/** A sid is unique between two peers, whoever of them speaks. */
function sessionKey(actor: string, peer: string, sid: unknown): string {
  return JSON.stringify([...[actor, peer].sort(), String(sid)]);
}
