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
  const spans = new OpenSpans();
  let ended: Timeline["ended"] = null;
  let until = 0;
  for (const event of events) {
    // A clock may have gone back: what is told later is later.
    const time = until = Math.max(until, Date.parse(event.time));
    if (event.type === "room_destroyed") {
      spans.leaveAll(event, time);
      ended = { time, event: event.id };
    }
    if (event.actor_id !== null) spans.take(event, event.actor_id, time);
  }
  return { ...spans.all, ended, until };
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

type Pause = Timeline["pauses"][number];
type Screen = Timeline["screens"][number];

/** The spans of one kind: all that began, and those that are open, by what tells them apart. */
class Spans<S extends Span> {
  readonly all: S[] = [];
  readonly open = new Map<string, S>();

  begin(key: string, span: S): void {
    if (this.open.has(key)) return;
    this.open.set(key, span);
    this.all.push(span);
  }

  close(key: string, { id }: TimelineEvent, time: number): S | undefined {
    const span = this.open.get(key);
    if (!span) return undefined;
    this.open.delete(key);
    return Object.assign(span, { end: time, ended: id });
  }
}

/** What begins and ends in a room. */
class OpenSpans {
  readonly #stays = new Spans<StaySpan>();
  readonly #sessions = new Spans<SessionSpan>();
  readonly #pauses = new Spans<Pause>();
  readonly #screens = new Spans<Screen>();

  get all() {
    return {
      stays: this.#stays.all,
      sessions: this.#sessions.all,
      pauses: this.#pauses.all,
      screens: this.#screens.all,
    };
  }

  take(event: TimelineEvent, actor: string, time: number): void {
    const { type, data } = event;
    const begins = { begin: time, end: null, began: event.id, ended: null, sessionid: actor };
    if (type === "occupant_joined") {
      const userid = String(data["userid"]);
      this.#stays.begin(actor, { ...begins, userid, cause: null, reconciled: false });
    } else if (type === "occupant_left") {
      this.#leave(event, actor, time, typeof data["cause"] === "string" ? data["cause"] : null);
    } else if (type === "audio_paused" || type === "video_paused") {
      const media = type === "audio_paused" ? "audio" : "video";
      this.#pauses.begin(`${actor} ${media}`, { ...begins, media });
    } else if (type === "audio_resumed" || type === "video_resumed") {
      this.#pauses.close(`${actor} ${type === "audio_resumed" ? "audio" : "video"}`, event, time);
    } else if (type === "screencapture_started") {
      this.#screens.begin(`${actor} ${data["screen"]}`, { ...begins, screen: String(data["screen"]) });
    } else if (type === "screencapture_ended") {
      this.#screens.close(`${actor} ${data["screen"]}`, event, time);
    } else if (event.peer_id !== null) this.#takeSession(event, actor, event.peer_id, time);
  }

  leaveAll(event: TimelineEvent, time: number): void {
    for (const sessionid of [...this.#stays.open.keys()]) this.#leave(event, sessionid, time, "destroyed");
  }

  /** Who leaves takes along what was open. */
  #leave(event: TimelineEvent, sessionid: string, time: number, cause: string | null): void {
    const stay = this.#stays.close(sessionid, event, time);
    if (stay) Object.assign(stay, { cause, reconciled: event.data["reconciled"] === true });
    for (const media of ["audio", "video"]) this.#pauses.close(`${sessionid} ${media}`, event, time);
    for (const [key, span] of this.#screens.open) {
      if (span.sessionid === sessionid) this.#screens.close(key, event, time);
    }
    for (const [key, { actor, peer }] of this.#sessions.open) {
      if (actor !== sessionid && peer !== sessionid) continue;
      const session = this.#sessions.close(key, event, time);
      if (session) session.reason = "left";
    }
  }

  #takeSession(event: TimelineEvent, actor: string, peer: string, time: number): void {
    const { id, type, data } = event;
    const key = sessionKey(actor, peer, data["sid"]);
    if (type === "p2p_session_ended") {
      const session = this.#sessions.close(key, event, time);
      if (session) session.reason = typeof data["reason"] === "string" ? data["reason"] : null;
    } else if (type === "p2p_session_started") {
      this.#sessions.begin(key, {
        ...{ begin: time, end: null, began: id, ended: null },
        sid: String(data["sid"]),
        actor,
        peer,
        media: Array.isArray(data["media"]) ? data["media"].map(String) : null,
        screen: typeof data["screen"] === "string" ? data["screen"] : null,
        reason: null,
      });
    }
  }
}

/** A sid is unique between two peers, whoever of them speaks. */
function sessionKey(actor: string, peer: string, sid: unknown): string {
  return JSON.stringify([...[actor, peer].sort(), String(sid)]);
}
