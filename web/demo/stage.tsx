/** Who is there: a tile for each person and for each shared screen. */
import {
  Actions,
  type Media,
  type Peer,
  type RoomType,
  Selectors,
  type State,
  Video,
} from "@andyet/simplewebrtc";
import { useSelector } from "react-redux";
import { useAct } from "./act.ts";

export function Stage({ room, peers }: { readonly room: RoomType; readonly peers: Peer[] }) {
  const act = useAct();
  const media = useSelector((state: State) => Object.values(Selectors.getMedia(state)));
  const own = useSelector((state: State) => Selectors.getUserDisplayName(state));
  const mayRemove = room.selfAffiliation === "owner";

  const people = [
    { key: "self", name: `${own} (you)`, media: media.filter(({ source }) => source === "local") },
    ...peers.map((peer) => ({
      key: peer.id,
      name: peer.displayName,
      media: media.filter(({ owner }) => owner === peer.address),
      remove: mayRemove ? () => act(Actions.kickPeer(room.address, peer.address)) : undefined,
    })),
  ];
  const screens = people.flatMap(({ name, media }) =>
    media.filter(({ screenCapture }) => screenCapture).map((screen) => ({ name, screen }))
  );
  return (
    <div className="stage">
      {screens.map(({ name, screen }) => (
        <figure key={screen.id} className="screen">
          <Video media={screen} />
          <figcaption>{name}: screen</figcaption>
        </figure>
      ))}
      <div className="people">
        {people.map(({ key, ...person }) => <Person key={key} {...person} />)}
      </div>
    </div>
  );
}

function Person({ name, media, remove }: {
  readonly name: string;
  readonly media: Media[];
  readonly remove?: (() => void) | undefined;
}) {
  const isOff = ({ localDisabled, remoteDisabled }: Media) => localDisabled || remoteDisabled;
  const camera = media.find(({ kind, screenCapture }) => kind === "video" && !screenCapture);
  const microphone = media.find(({ kind }) => kind === "audio");
  return (
    <figure aria-label={name}>
      {camera && !isOff(camera)
        ? <Video media={camera} />
        : <span className="initial" aria-hidden>{name.slice(0, 1).toUpperCase()}</span>}
      <figcaption>
        {name}
        {microphone && isOff(microphone) && <span className="badge">muted</span>}
        {camera && isOff(camera) && <span className="badge">camera off</span>}
        {remove && <button type="button" onClick={remove} aria-label={`Remove ${name}`}>Remove</button>}
      </figcaption>
    </figure>
  );
}
