/** This room's events, as any reader of the stream sees them. */
import { type Peer, type RoomType, Selectors, type State } from "@andyet/simplewebrtc";
import { useRef } from "react";
import { useSelector } from "react-redux";
import type { TalkyEvent } from "../../client/mod.ts";
import { LogList } from "./log_list.tsx";
import { useRoomEvents } from "./room_events.ts";

export function EventPanel({ room, peers }: { readonly room: RoomType; readonly peers: Peer[] }) {
  const credential = useSelector((state: State) => Selectors.getAPIConfig(state).credential);
  const { events, status } = useRoomEvents(room.id, credential);
  const nameOf = useNames(peers);

  return (
    <section className="panel events" aria-label="Events">
      <h2>
        Events <span className={`status ${status}`}>{status}</span>
      </h2>
      <LogList>
        {events.map((event) => (
          <li key={event.id} data-type={event.type}>
            <span className="id">{event.id}</span>
            <time dateTime={event.time}>{event.time.slice(11, 19)}</time>
            <code>{event.type}</code>
            <span className="who">
              {nameOf(event.actor_id)}
              {event.peer_id && ` → ${nameOf(event.peer_id)}`}
            </span>
            <small>{summarise(event)}</small>
          </li>
        ))}
      </LogList>
    </section>
  );
}

// ---

/** Names of sessions, those who left included. */
function useNames(peers: Peer[]): (sessionid: string | null) => string {
  const names = useRef(new Map<string, string>());
  const self = useSelector((state: State) => Selectors.getAPIConfig(state).id);
  const own = useSelector((state: State) => Selectors.getUserDisplayName(state));
  names.current.set(self, own);
  for (const { id, displayName } of peers) names.current.set(id, displayName);
  return (sessionid) => sessionid ? names.current.get(sessionid) ?? sessionid.slice(0, 8) : "";
}

/** The short values of an event's data; ids of calls and screens tell people nothing. */
function summarise({ data }: TalkyEvent): string {
  return Object.entries(data)
    .filter(([key, value]) => !["sid", "screen", "userid"].includes(key) && isShort(value))
    .map(([key, value]) => `${key} ${value}`)
    .join(" · ");
}

function isShort(value: unknown): boolean {
  return typeof value !== "object" && value !== "" ||
    Array.isArray(value) && value.every((item) => typeof item === "string");
}
