/** Whether a password is needed to enter, and for the owner the means to say so. */
import { Actions, type RoomType } from "@andyet/simplewebrtc";
import { useAct } from "./act.ts";

export function Lock({ room, onPassword }: {
  readonly room: RoomType;
  /** The empty password unlocks. */
  readonly onPassword: (password: string) => void;
}) {
  const act = useAct();
  // The SDK does so by itself when it is given another password than before; whoever comes back, or has inherited
  // the room, may never have given it one.
  const change = (password: string) => {
    act(password ? Actions.lockRoom(room.address, password) : Actions.unlockRoom(room.address));
    onPassword(password);
  };
  if (room.selfAffiliation !== "owner") return <span>{room.passwordRequired ? "locked" : "open"}</span>;
  if (room.passwordRequired) {
    return (
      <div className="lock">
        <span>locked</span>
        <button type="button" onClick={() => change("")}>Unlock</button>
      </div>
    );
  }
  return (
    <form
      className="lock"
      onSubmit={(event) => {
        event.preventDefault();
        change(String(new FormData(event.currentTarget).get("password")));
      }}
    >
      <input name="password" required placeholder="Room password" aria-label="Room password" />
      <button type="submit">Lock</button>
    </form>
  );
}
