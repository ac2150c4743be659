/**
 * Whether what begins also ends: rooms, stays, calls, screens and typing, each begun once and ended once.
 * Written from the contract, without the code that closes what a crash left open.
 *
 * @module
 */

/** What of an event says what began or ended. */
export interface LoggedEvent {
  readonly type: string;
  readonly actor: string | null;
  readonly peer: string | null;
  /** The call or the screen it is about. */
  readonly subject: string | null;
}

/** The events of one room that do not fit: an end of what is not open, a second beginning, no end. */
export function findImbalance(events: readonly LoggedEvent[]): string[] {
  const open = new Set<string>();
  const faults: string[] = [];
  for (const event of events) {
    const [, thing = "", edge] = edges.exec(event.type) ?? [];
    if (!edge) continue;
    const key = keyOf(thing, event);
    const begins = beginnings.has(edge);
    if (open.has(key) === begins) faults.push(`${event.type} of ${key}`);
    if (begins) open.add(key);
    else open.delete(key);
  }
  for (const key of open) faults.push(`no end of ${key}`);
  if (events.at(-1)?.type !== "room_destroyed") faults.push("the room's end is not its last event");
  return faults;
}

// ---

const edges =
  /^(room|occupant|screencapture|rtt|p2p_session)_(created|destroyed|joined|left|started|ended|enabled|disabled)$/;
const beginnings = new Set(["created", "joined", "started", "enabled"]);

function keyOf(thing: string, { actor, peer, subject }: LoggedEvent): string {
  if (thing === "room") return "room";
  // A call is ended by either side.
  const who = [actor, peer].filter((id) => id !== null).sort();
  return [thing, ...who, ...thing === "occupant" || thing === "rtt" ? [] : [subject]].join(" ");
}
