/**
 * The demo call: the public SDK as it is, and beside it the events that the service makes of the call.
 * `/demo?room=name&name=display name`; without a room it asks for one.
 *
 * @module
 */
import "./demo.css";
import { createStore, Provider as Session } from "@andyet/simplewebrtc";
import { createRoot } from "react-dom/client";
import { Provider as Store } from "react-redux";
import { Call } from "./call.tsx";
import { isRoomName, Lobby } from "./lobby.tsx";
import { earlierCredential, Returning } from "./returning.tsx";

const query = new URLSearchParams(location.search);
const room = query.get("room")?.trim() ?? "";
const name = query.get("name")?.trim() || "Guest";

createRoot(document.getElementById("page")!).render(
  <Store store={createStore()}>
    {isRoomName(room)
      ? (
        <Session
          configUrl={new URL("../config/guest", document.baseURI).href}
          displayName={name}
          {...earlierCredential()}
        >
          <Returning />
          <Call name={room} />
        </Session>
      )
      : <Lobby />}
  </Store>,
);
