/** Messages of the room, and what others are about to say, letter by letter (XEP-0301). */
import { ChatInput, type Peer, Selectors, type State } from "@andyet/simplewebrtc";
import { useState } from "react";
import { useSelector } from "react-redux";
import { LogList } from "./log_list.tsx";
import { useFits } from "./message_bound.ts";

export function Chat({ address, peers }: { readonly address: string; readonly peers: Peer[] }) {
  const [realTime, setRealTime] = useState(false);
  const [tooLong, setTooLong] = useState(false);
  const fits = useFits();
  const chats = useSelector((state: State) => Selectors.getChatsForRoom(state, address));

  return (
    <section className="panel chat" aria-label="Chat">
      <h2>
        Chat
        <label>
          <input type="checkbox" checked={realTime} onChange={() => setRealTime(!realTime)} /> real-time text
        </label>
      </h2>
      <LogList aria-live="polite">
        {chats.map((chat) => (
          <li key={chat.id}>
            <strong>{chat.displayName}</strong> {chat.body}
          </li>
        ))}
        {peers.filter(({ rtt }) => rtt).map((peer) => (
          <li key={peer.id} className="typing">
            <strong>{peer.displayName}</strong> {peer.rtt}
          </li>
        ))}
      </LogList>
      <ChatInput
        room={address}
        rtt={realTime}
        render={({ message = "", updateMessage, sendMessage }) => (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              sendMessage?.();
            }}
          >
            <input
              aria-label="Message"
              placeholder="Message"
              autoComplete="off"
              value={message}
              onChange={({ currentTarget: { value } }) => {
                setTooLong(!fits(value));
                if (fits(value)) updateMessage?.(value);
              }}
            />
            <button type="submit">Send</button>
            {tooLong && <p role="alert">That is too long for a message.</p>}
          </form>
        )}
      />
    </section>
  );
}
