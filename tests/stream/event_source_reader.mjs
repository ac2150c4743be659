/**
 * A reader by one of npm's EventSource libraries, on Node.js, where they are at home. Arguments: the library, the
 * stream's URL, a token. Prints the id of each event on a line of its own.
 */
import polyfill from "event-source-polyfill";
import { EventSource } from "eventsource";
import { argv } from "node:process";
import { EventSource as UndiciEventSource } from "undici";

/** How each is used with a token: in a header where it can be set, else in the URL. */
const libraries = {
  "eventsource": (url, authorization) =>
    new EventSource(url, {
      fetch: (target, init) => fetch(target, { ...init, headers: { ...init.headers, authorization } }),
    }),
  "event-source-polyfill": (url, authorization) =>
    new polyfill.EventSourcePolyfill(url, { headers: { authorization } }),
  "undici": (url, authorization) =>
    new UndiciEventSource(`${url}&access_token=${authorization.replace("Bearer ", "")}`),
};

const [library, url, token] = argv.slice(2);
libraries[library](url, `Bearer ${token}`).onmessage = ({ data }) => console.log(JSON.parse(data).id);
// Their waits until they connect again do not keep a process alive.
setInterval(() => {}, 60_000);
