import assert from "node:assert/strict";
import { xml } from "@xmpp/client";
import fc from "fast-check";
import { anyText } from "../../events/any_text.ts";
import { testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import { prosodyTest } from "../../harness/prosody_releases.ts";
import { testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { logIn, namespaces, type Session } from "../../prosody/xmpp.ts";

/** How many names; ten thousand with TALKY_TEST_LONG. */
const many = Deno.env.get("TALKY_TEST_LONG") ? 10_000 : 400;

/** How many of them one guest asks for. */
const each = 50;

prosodyTest(
  "a room of any name that the API takes can be entered, and is found by that name",
  async (release) => {
    await using prosody = await testProsody({}, release);
    await using database = await testDatabase();
    await using service = await testService({ database, prosody, env: { TALKY_LIMIT_REQUESTS: "off" } });
    const names = [...curious, ...fc.sample(anyText, many)];
    const written = new Map<string, Set<string>>();
    let refused = 0;

    async function enterAll(names: readonly string[]) {
      const config = await post(`${service.url}/config/guest`, {}).then((response) => response.json());
      const [username, domain] = config.userId.split("@");
      const session = await logIn(prosody, { username, domain, password: config.credential, id: config.id });
      for (const name of names) {
        const response = await post(`${service.url}/rooms/config`, { name }, config.credential);
        const answer = await response.json();
        if (response.status === 200) {
          await enter(session, answer.roomAddress);
          written.set(answer.roomAddress, (written.get(answer.roomAddress) ?? new Set()).add(name));
        } else {
          assert.equal(response.status, 400, `${JSON.stringify(name)}: ${answer.detail}`);
          assert.match(answer.detail, /U\+[0-9A-F]{4}|visible|at most 1023/, JSON.stringify(name));
          refused++;
        }
      }
      await session.close();
    }
    const shares = Array.from(
      { length: Math.ceil(names.length / each) },
      (_, share) => names.slice(share * each, (share + 1) * each),
    );
    const next = shares.values();
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (const share of next) await enterAll(share);
    })).catch((cause) => {
      throw new Error(`the service said: ${service.logs().slice(-4000)}`, { cause });
    });
    assert.ok(refused < names.length / 2, `${refused} of ${names.length} refused`);

    const ask = async (path: string) => {
      const response = await fetch(service.url + path, {
        headers: { authorization: `Bearer ${service.token}` },
      });
      assert.equal(response.status, 200, path);
      return await response.json();
    };
    const entered = names.length - refused;
    // Two guests at once in rooms whose names fold to one are in one room.
    await until("all have come and gone", async () => {
      const [{ gone }] = await database.sql<[{ gone: number }]>`
        select count(*)::int as gone from events where type = 'occupant_left'`;
      return gone === entered;
    }, { timeout: 120_000 });
    const rooms = await database.sql<{ name: string; jid: string }[]>`select name, jid from rooms`;
    for (const { name, jid } of rooms) {
      assert.ok(
        written.get(jid)?.has(name),
        `${JSON.stringify(name)} at ${jid}`,
      );
    }
    for (const { name, jid } of rooms.slice(0, 100)) {
      const { items } = await ask(`/rooms?name=${encodeURIComponent(name)}`);
      assert.ok(items.length > 0 && items.every((room: { jid: string }) => room.jid === jid), jid);
    }
  },
);

// ---

/** As people have named rooms. */
const curious = [
  "team🚀",
  "₹",
  "ꙮ",
  "Ⱥlpha",
  "שלום1",
  "مرحبا-1",
  "Ⴀ",
  "Daily stand-up",
  "👩‍💻 & ☕",
  "\\o/",
  "50%",
];

function post(url: string, body: unknown, credential?: string): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: credential ? { authorization: `Bearer ${credential}` } : {},
  });
}

/** Enters a room under exactly this address, and leaves it. */
async function enter({ client, id, received }: Session, room: string): Promise<void> {
  const own = () =>
    received.filter((stanza) => stanza.is("presence") && stanza.attrs.from === `${room}/${id}`);
  const before = own().length;
  await client.send(xml("presence", { to: `${room}/${id}` }, xml("x", namespaces.muc)));
  const answer = await until(`to be in ${room}`, () => own()[before], { interval: 2 });
  assert.equal(answer.attrs.type, undefined, `${room}: ${answer}`);
  await client.send(xml("presence", { to: `${room}/${id}`, type: "unavailable" }));
  await until(`to be out of ${room}`, () => own()[before + 1], { interval: 2 });
}
