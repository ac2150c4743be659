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
export function useRoomEvents(room: string): RoomEvents {
  const [events, receive] = useReducer(append, []);
  const [status, setStatus] = useState<RoomEvents["status"]>("connecting");

  useEffect(() => {
    const reading = new AbortController();
    const read = async () => {
      const { signal } = reading;
      const onConnection = (connected: boolean) => setStatus(connected ? "live" : "connecting");
      const reader = readEvents({
        url: new URL("..", document.baseURI).href,
        token: freshCookie,
        after: 0,
        rooms: [room],
        signal,
        onConnection,
      });
      for await (const event of reader) receive(event);
    };
    read().catch(() => setStatus("ended"));
    return () => reading.abort();
  }, [room]);

  return { events: events.filter(({ room_id }) => room_id === room), status };
}

// ---

function append(events: readonly TalkyEvent[], event: TalkyEvent): readonly TalkyEvent[] {
  return [...events.slice(1 - mostKept), event];
}

/** The page itself brings the cookie that opens the stream. */
async function freshCookie(): Promise<undefined> {
  const { body } = await fetch(new URL("../demo", document.baseURI));
  await body?.cancel();
}
