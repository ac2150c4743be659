/** A room, from the attempt to enter until one is out again. */
import {
  type Peer,
  RemoteAudioPlayer,
  RequestUserMedia,
  Room,
  type RoomType,
  Selectors,
} from "@andyet/simplewebrtc";
import { useEffect, useState } from "react";
import { useSelector } from "react-redux";
import { Chat } from "./chat.tsx";
import { Controls } from "./controls.tsx";
import { EventPanel } from "./event_panel.tsx";
import { Lock } from "./lock.tsx";
import { Notice, PasswordForm } from "./lobby.tsx";
import { Stage } from "./stage.tsx";
import { useStatistics } from "./statistics.ts";

/** The call in the room of this name. */
export function Call({ name }: { readonly name: string }) {
  const [password, setPassword] = useState("");
  const [left, setLeft] = useState(false);
  if (left) return <Notice>You left the call</Notice>;
  return (
    <>
      <RemoteAudioPlayer />
      <RequestUserMedia audio video mirrored auto />
      <Room
        name={name}
        password={password}
        render={({ room, peers }) => (
          <Entrance
            {...{ room, peers, password }}
            onPassword={setPassword}
            onLeave={() => setLeft(true)}
          />
        )}
      />
    </>
  );
}

interface EntranceProps {
  readonly room: Partial<RoomType>;
  readonly peers: Peer[];
  readonly password: string;
  readonly onPassword: (password: string) => void;
  readonly onLeave: () => void;
}

function Entrance({ room, password, onPassword, ...props }: EntranceProps) {
  const connection = useSelector(Selectors.getConnectionState);
  const [entered, setEntered] = useState(false);
  useEffect(() => {
    if (room.joined) setEntered(true);
  }, [room.joined]);

  if (connection === "failed") return <Notice>The service does not answer</Notice>;
  switch (room.roomState) {
    case "joined":
      return <Conversation room={room as RoomType} onPassword={onPassword} {...props} />;
    case "password-required":
      return <PasswordForm refused={password !== ""} onPassword={onPassword} />;
    case "banned":
      return <Notice>You may not enter this room</Notice>;
    case "failed":
      return <Notice>This room cannot be entered</Notice>;
    case "interrupted":
      return <Notice retry={false}>The connection is lost: trying again…</Notice>;
    case undefined:
      // The SDK forgets a room that it was sent out of.
      return entered
        ? <Notice>You were removed from the call</Notice>
        : <Notice retry={false}>Connecting…</Notice>;
    default:
      return <Notice retry={false}>Joining…</Notice>;
  }
}

function Conversation({ room, peers, onPassword, onLeave }: {
  readonly room: RoomType;
  readonly peers: Peer[];
  readonly onPassword: (password: string) => void;
  readonly onLeave: () => void;
}) {
  useStatistics(room);
  return (
    <div className="call">
      <header>
        <h1>{room.providedName}</h1>
        <span>{peers.length === 0 ? "nobody else yet" : `${peers.length + 1} people`}</span>
        <Lock room={room} onPassword={onPassword} />
      </header>
      <main>
        <Stage room={room} peers={peers} />
        <Controls onLeave={onLeave} />
      </main>
      <Chat address={room.address} peers={peers} />
      <EventPanel room={room} peers={peers} />
    </div>
  );
}
