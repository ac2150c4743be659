/** What the page shows outside a call: who wants to go where, or why there is no call. */
import type { ReactNode } from "react";

/** Whether a name can be a room's: nearly all can. */
export function isRoomName(name: string): boolean {
  return /\S/.test(name) && !/\p{Cc}/u.test(name) && name.length <= longestRoomName;
}

/** An address has 1,023 bytes; an escaped character takes ten at most. */
const longestRoomName = 100;

/** Asks for a room and a name; the browser comes back with both in the address. */
export function Lobby() {
  return (
    <Card title="Talky demo call">
      <form action="/demo" className="stack">
        <label>
          Room <input name="room" required autoFocus defaultValue="lobby" maxLength={longestRoomName} />
        </label>
        <label>
          Your name <input name="name" autoComplete="nickname" />
        </label>
        <button type="submit" className="primary">Join</button>
      </form>
    </Card>
  );
}

/** Asks for the password of a locked room. */
export function PasswordForm({ refused, onPassword }: {
  readonly refused: boolean;
  readonly onPassword: (password: string) => void;
}) {
  return (
    <Card title="This room is locked">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onPassword(String(new FormData(event.currentTarget).get("password")));
        }}
      >
        {refused && <p role="alert">That is not the password of this room.</p>}
        <label>
          Password <input name="password" type="password" required autoFocus />
        </label>
        <button type="submit" className="primary">Join</button>
      </form>
    </Card>
  );
}

/** Says why there is no call, and lets one try again. */
export function Notice({ children, retry = true }: {
  readonly children: string;
  readonly retry?: boolean;
}) {
  return (
    <Card title={children}>
      {retry && (
        <p className="stack">
          <a href={location.href} className="primary">Join again</a>
          <a href={new URL("../demo", document.baseURI).href}>Another room</a>
        </p>
      )}
    </Card>
  );
}

function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="card">
      <h1 role="status">{title}</h1>
      {children}
    </main>
  );
}
