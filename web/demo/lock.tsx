/** Whether a password is needed to enter, and for the owner the means to say so. */
import type { RoomType } from "@andyet/simplewebrtc";

export function Lock({ room, onPassword }: {
  readonly room: RoomType;
  /** The empty password unlocks. */
  readonly onPassword: (password: string) => void;
}) {
  if (room.selfAffiliation !== "owner") return <span>{room.passwordRequired ? "locked" : "open"}</span>;
  if (room.passwordRequired) {
    return (
      <div className="lock">
        <span>locked</span>
        <button type="button" onClick={() => onPassword("")}>Unlock</button>
      </div>
    );
  }
  return (
    <form
      className="lock"
      onSubmit={(event) => {
        event.preventDefault();
        onPassword(String(new FormData(event.currentTarget).get("password")));
      }}
    >
      <input name="password" required placeholder="Room password" aria-label="Room password" />
      <button type="submit">Lock</button>
    </form>
  );
}
