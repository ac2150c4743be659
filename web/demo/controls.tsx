/** What one may do with one's own microphone, camera and screen. */
import { Actions, RequestDisplayMedia, Selectors, type State } from "@andyet/simplewebrtc";
import { useSelector } from "react-redux";
import { useAct } from "./act.ts";

export function Controls({ onLeave }: { readonly onLeave: () => void }) {
  const act = useAct();
  const media = useSelector((state: State) => Selectors.getLocalMedia(state));
  const microphones = media.filter(({ kind }) => kind === "audio");
  const cameras = media.filter(({ kind, screenCapture }) => kind === "video" && !screenCapture);
  const screens = media.filter(({ screenCapture }) => screenCapture);
  const muted = microphones.every(({ localDisabled }) => localDisabled);
  const paused = cameras.every(({ localDisabled }) => localDisabled);

  return (
    <div className="controls" role="toolbar" aria-label="Your media">
      <button
        type="button"
        disabled={microphones.length === 0}
        className={muted ? "off" : ""}
        onClick={() => act(muted ? Actions.unmuteSelf() : Actions.muteSelf())}
      >
        {muted ? "Unmute" : "Mute"}
      </button>
      <button
        type="button"
        disabled={cameras.length === 0}
        className={paused ? "off" : ""}
        onClick={() =>
          act(
            paused
              ? Actions.resumeSelfVideo({ screenCapture: false })
              : Actions.pauseSelfVideo({ screenCapture: false }),
          )}
      >
        {paused ? "Resume camera" : "Pause camera"}
      </button>
      {screens.length > 0
        ? (
          <button
            type="button"
            className="on"
            onClick={() => screens.forEach(({ id }) => act(Actions.removeMedia(id)))}
          >
            Stop sharing
          </button>
        )
        : (
          <RequestDisplayMedia
            render={(share, { available }) => (
              <button type="button" disabled={!available} onClick={share}>Share screen</button>
            )}
          />
        )}
      <button type="button" className="danger" onClick={onLeave}>Leave</button>
    </div>
  );
}
