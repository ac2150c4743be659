/**
 * The attacks: each does something once that was seen to hurt, or is like it.
 *
 * @module
 */
import type { Attacker } from "./attacker.ts";

/** Does it once. May throw: whoever attacks is refused. */
export type Attack = (attacker: Attacker) => Promise<void>;

let count = 0;
/** A text that has not been there before. */
const fresh = () => `x${(++count).toString(36)}${crypto.randomUUID().slice(0, 4)}`;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const deep = (depth: number) => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;

async function telemetry(attacker: Attacker, items: readonly string[]): Promise<void> {
  const headers = bearer(await attacker.credential());
  await attacker.request("/telemetry", { method: "POST", headers, body: `{"batch":[${items.join(",")}]}` });
}

/** Sends stanzas in a session, a good many, each in a message of its own. */
async function stanzas(attacker: Attacker, make: (rooms: string, id: string) => string, times = 30) {
  const session = await attacker.xmpp();
  for (let n = 0; session && n < times; n++) session.send(make(attacker.target.hosts.rooms, session.id));
  if (session) attacker.count("stanzas");
}

const presence = (to: string, inner = "") => `<presence xmlns="jabber:client" to="${to}">${inner}</presence>`;
const leave = (to: string, reason: string) =>
  `<presence xmlns="jabber:client" type="unavailable" to="${to}"><status>${reason}</status></presence>`;
const muc = `<x xmlns="http://jabber.org/protocol/muc"/>`;
const long = "é".repeat(4000);

/** All of them, by name. */
export const attacks: Readonly<Record<string, Attack>> = {
  "made-up methods": async (attacker) => {
    for (let n = 0; n < 10; n++) await attacker.request(`/${fresh()}`, { method: fresh().toUpperCase() });
  },
  "guests without end": async (attacker) => {
    for (let n = 0; n < 10; n++) await attacker.guest();
  },
  "telemetry of strangers": (attacker) =>
    telemetry(
      attacker,
      Array(50).fill(
        `{"type":"p2p_session_stats","room_id":"${crypto.randomUUID()}","data":{"a":"${long}"}}`,
      ),
    ),
  "telemetry nested deep": (attacker) => telemetry(attacker, [deep(16_000), `{"data":${deep(16_000)}}`]),
  "bad tokens": async (attacker) => {
    for (const token of ["", "x.y.z", fresh(), "tk_" + fresh(), attacker.target.token + "x"]) {
      await attacker.request("/events", { headers: bearer(token) });
    }
  },
  "anonymous nonsense": async (attacker) => {
    await attacker.request("/rooms", { headers: { accept: "__proto__" } });
    attacker.raw("GET / HTTP/1.1\r\nHost: \r\n\r\n");
    attacker.raw("POST /telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    attacker.raw(`${fresh()}\0\r\n\r\n`);
    attacker.raw("GET /stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  },
  "slow headers": async (attacker) => await attacker.raw("GET / HTTP/1.1\r\nHost: x\r\n", "x: y\r\n"),
  "slow bodies": async (attacker) =>
    await attacker.raw("POST /config/guest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "{"),
  "idle sockets": async (attacker) => await attacker.raw(""),
  "WebSockets without a token": async (attacker) => {
    const url = attacker.target.url.replace("http", "ws");
    await attacker.webSocket(`${url}/stream`, "talky.events.v1", "x".repeat(1e6));
  },
  "sockets that never log in": async (attacker) =>
    await attacker.webSocket(attacker.target.prosody, "xmpp", ...Array(20).fill("<".repeat(8000))),
  "a reader that floods": async (attacker) => {
    const { url, token } = attacker.target;
    const subscribe = JSON.stringify({ type: "subscribe", after: 0 });
    await attacker.webSocket(
      `${url.replace("http", "ws")}/stream?access_token=${token}`,
      "talky.events.v1",
      ...Array(500).fill(subscribe),
    );
  },
  "readers that do not read": async (attacker) =>
    await attacker.raw(
      `GET /stream?after=0&access_token=${attacker.target.token} HTTP/1.1\r\nHost: x\r\n` +
        "Accept: text/event-stream\r\n\r\n",
    ),
  "logins without end": async (attacker) => {
    const config = await attacker.guest();
    for (let n = 0; n < 5 && config.credential; n++) (await attacker.logIn(config))?.socket.terminate();
  },
  "customerData that is no XML": async (attacker) => {
    const body = JSON.stringify({ token: attacker.target.appToken });
    const config = JSON.parse(await attacker.request("/config/user", { method: "POST", body }));
    const session = config.credential && await attacker.logIn(config);
    session?.send(presence(`nonsense@${attacker.target.hosts.rooms}/${config.id}`, muc));
  },
  "rosters and subscriptions": (attacker) =>
    stanzas(
      attacker,
      () =>
        `<iq xmlns="jabber:client" type="set" id="${fresh()}"><query xmlns="jabber:iq:roster">` +
        `<item jid="${fresh()}@${attacker.target.hosts.guests}"/></query></iq>` +
        `<presence xmlns="jabber:client" type="subscribe" to="${fresh()}@${attacker.target.hosts.guests}"/>`,
    ),
  "joins and leaves with long reasons": (attacker) =>
    stanzas(
      attacker,
      (rooms, id) => {
        const to = `${attacker.address}@${rooms}/${id}`;
        return ++count % 2 ? presence(to, muc) : leave(to, long);
      },
    ),
  "rooms without end": (attacker) =>
    stanzas(attacker, (rooms, id) => presence(`${fresh()}@${rooms}/${id}`, muc)),
  "stanzas nested deep": (attacker) =>
    stanzas(
      attacker,
      (rooms) =>
        `<message xmlns="jabber:client" type="groupchat" to="${attacker.address}@${rooms}">` +
        `${"<b>".repeat(16_000)}${"</b>".repeat(16_000)}</message>`,
      1,
    ),
  "stanzas that are too long": (attacker) =>
    stanzas(
      attacker,
      (rooms) =>
        `<message xmlns="jabber:client" type="groupchat" to="${attacker.address}@${rooms}"><body>` +
        `${"x".repeat(400_000)}</body></message>`,
      1,
    ),
  "thousands in one message": (attacker) =>
    stanzas(attacker, () => `<presence xmlns="jabber:client"/>`.repeat(2500), 1),
  "forged users, messages without end": (attacker) =>
    stanzas(
      attacker,
      (rooms) =>
        `<message xmlns="jabber:client" type="groupchat" to="lesson-0@${rooms}"><body>${fresh()}</body>` +
        `<user xmlns="https://talky.io/ns/core" sid="someone">{}</user></message>`,
    ),
};
