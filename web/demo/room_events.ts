/** The events of a room, from its first, as the stream brings them. */
import { useEffect, useReducer, useState } from "react";
import { readEvents, type TalkyEvent } from "../../client/mod.ts";

/** The most that are kept for show. */
const mostKept = 500;

export interface RoomEvents {
  readonly events: readonly TalkyEvent[];
  readonly status: "connecting" | "live" | "ended";
}

/** Reads the stream for as long as the component is there. */
export function useRoomEvents(room: string, credential: string): RoomEvents {
  const [events, receive] = useReducer(append, []);
  const [status, setStatus] = useState<RoomEvents["status"]>("connecting");

  useEffect(() => {
    const reading = new AbortController();
    const read = async () => {
      const { signal } = reading;
      const onConnection = (connected: boolean) => setStatus(connected ? "live" : "connecting");
      const reader = readEvents({
        url: new URL("..", document.baseURI).href,
        token: () => freshCookie(room, credential),
        after: 0,
        rooms: [room],
        signal,
        onConnection,
      });
      for await (const event of reader) receive(event);
    };
    read().catch(() => setStatus("ended"));
    return () => reading.abort();
  }, [room, credential]);

  return { events: events.filter(({ room_id }) => room_id === room), status };
}

// ---

function append(events: readonly TalkyEvent[], event: TalkyEvent): readonly TalkyEvent[] {
  return [...events.slice(1 - mostKept), event];
}

/** A cookie that opens the stream, for this room, as long as we are in it. What fails is tried again later. */
async function freshCookie(room: string, credential: string): Promise<undefined> {
  const response = await fetch(new URL("events", document.baseURI), {
    method: "POST",
    headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
    body: JSON.stringify({ room_id: room }),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the room's events cannot be read yet: ${response.status}`);
}
