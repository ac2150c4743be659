import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { maxStanzaBytes } from "../../../config.ts";
import { installedRelease, prosodyReleases } from "../../harness/prosody_releases.ts";
import { until } from "../../harness/wait.ts";
import { browserTest, startBrowser } from "./chromium.ts";
import { Participant } from "./participant.ts";
import { startStage } from "./stage.ts";

const room = "long@rooms.talky.test";
const muc = "http://jabber.org/protocol/muc";

/** Somebody in the room by raw stanzas, over the browser's own WebSocket. */
class RawClient {
  private constructor(
    private readonly page: Page,
    private readonly name: string,
    readonly id: string,
  ) {}

  /** Logs in and enters the room. The configuration is what `/config/guest` says. */
  static async enter(page: Page, name: string): Promise<RawClient> {
    const { id } = await page.evaluate(async (name) => {
      const config = await (await fetch("/config/guest", { method: "POST", body: "{}" })).json();
      const [node, host] = config.userId.split("@");
      const socket = new WebSocket(config.signalingUrl, "xmpp");
      const received: string[] = [];
      const waiting = new Set<() => void>();
      const wake = () => waiting.forEach((look) => look());
      socket.onmessage = ({ data }) => (received.push(data), wake());
      socket.onclose = () => (received.push("closed"), wake());
      await new Promise((resolve) => socket.onopen = resolve);
      const ask = (stanza: string, answer: string) => {
        const seen = received.length;
        socket.send(stanza);
        return new Promise<void>((resolve) => {
          const look = () => {
            if (!received.slice(seen).some((text) => text.includes(answer))) return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
        });
      };
      const open = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${host}" version="1.0"/>`;
      await ask(open, "PLAIN");
      const login = btoa(`\0${node}\0${config.credential}`);
      await ask(
        `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${login}</auth>`,
        "<success",
      );
      await ask(open, "xmpp-bind");
      const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>`;
      await ask(`<iq xmlns="jabber:client" type="set" id="b">${bind}</iq>`, config.id);
      Object.assign(globalThis, { [name]: { socket, received, features: received.join("") } });
      return config;
    }, name);
    const client = new RawClient(page, name, id);
    await client.send(
      `<presence xmlns='jabber:client' to='${room}/${id}'>`,
      "",
      `<x xmlns='${muc}'/></presence>`,
      0,
    );
    await client.hears("110");
    return client;
  }

  /** Sends a stanza of so many bytes: what is missing is filled with letters between beginning and end. */
  async send(begin: string, filling: string, end: string, bytes: number): Promise<void> {
    await this.page.evaluate(([name, begin, filling, end, bytes]) => {
      const missing = Math.max(0, bytes - begin.length - end.length);
      // deno-lint-ignore no-explicit-any
      (globalThis as any)[name].socket.send(begin + filling.repeat(missing) + end);
    }, [this.name, begin, filling, end, bytes] as const);
  }

  /** A message to the room of so many bytes. */
  say(id: string, bytes: number): Promise<void> {
    const begin = `<message xmlns="jabber:client" to="${room}" type="groupchat" id="${id}"><body>`;
    return this.send(begin, "x", "</body></message>", bytes);
  }

  /** What it was sent, with a text in it. */
  heard(text: string): Promise<string[]> {
    return this.page.evaluate(({ name, text }) => {
      // deno-lint-ignore no-explicit-any
      return (globalThis as any)[name].received.filter((stanza: string) => stanza.includes(text));
    }, { name: this.name, text });
  }

  async hears(text: string): Promise<string> {
    return await until(`it hears ${text}`, async () => (await this.heard(text))[0], { timeout: 30_000 });
  }
}

for (const release of prosodyReleases) {
  // The relay is the same for every Prosody.
  for (const tls of release === installedRelease ? [false, true] : [false]) {
    const way = `${tls ? "through the relay" : "directly"}, Prosody ${release.name}`;
    browserTest(`Chromium sends stanzas up to the bound, and is told of those beyond: ${way}`, async () => {
      if (!release.program) return console.log("skipped: this Prosody is not here");
      await using stage = await startStage({ tls }, release);
      await using browser = await startBrowser();
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const page = await context.newPage();
      // A page that may connect to both.
      await page.goto(`${stage.url}/demo`);
      const config = await page.evaluate(async () =>
        await (await fetch("/config/guest", { method: "POST", body: "{}" })).json()
      );
      assert.equal(config.maxStanzaBytes, maxStanzaBytes);
      const ada = await RawClient.enter(page, "ada");
      const bob = await RawClient.enter(page, "bob");
      await ada.hears(`<max-bytes>${maxStanzaBytes}</max-bytes>`);

      // Chromium cuts what is longer than 128 KiB.
      const fitting = [100_000, 131_072, 131_100, 200_000, maxStanzaBytes - 1, maxStanzaBytes];
      for (const bytes of fitting) {
        await ada.say(`fits-${bytes}`, bytes);
        const stanza = await bob.hears(`fits-${bytes}`);
        const begun =
          `<message xmlns="jabber:client" to="${room}" type="groupchat" id="fits-${bytes}"><body>`;
        assert.equal(
          /<body>(x*)<\/body>/.exec(stanza)?.[1]?.length,
          bytes - begun.length - "</body></message>".length,
        );
      }

      const to = `to='${room}' id='beyond'`;
      const message = `<message xmlns='jabber:client' type='groupchat' ${to}><body>`;
      const presence = `<presence xmlns='jabber:client' to='${room}/${ada.id}' id='beyond'><status>`;
      const beyond: [string, string, number][] = [
        [message, "</body></message>", maxStanzaBytes + 1],
        [message, "</body></message>", 700_000],
        [
          `<iq xmlns='jabber:client' type='set' ${to}><query xmlns='urn:x'>`,
          "</query></iq>",
          maxStanzaBytes + 1,
        ],
        [presence, "</status></presence>", maxStanzaBytes + 1],
      ];
      for (const [index, [begin, end, bytes]] of beyond.entries()) {
        await ada.send(begin, "y", end, bytes);
        const refusals = () => ada.heard("stanza-too-big");
        await until("it is refused", async () => (await refusals()).length > index, { timeout: 30_000 });
      }
      for (const stanza of await ada.heard("stanza-too-big")) {
        for (
          const part of [
            "type='error'",
            "id='beyond'",
            "<policy-violation",
            `at most ${maxStanzaBytes} bytes`,
          ]
        ) {
          assert.ok(stanza.includes(part), stanza);
        }
      }
      await ada.say("still-here", 300);
      await bob.hears("still-here");
      assert.deepEqual(await bob.heard("beyond"), []);
      assert.deepEqual([...await ada.heard("closed"), ...await bob.heard("closed")], []);
      // Those beyond the bound have not been sent.
      assert.equal(
        (await stage.happens("long", "message_sent", fitting.length + 1)).length,
        fitting.length + 1,
      );
    });
  }
}

browserTest(
  "the demo sends what fits into a message, says what does not, and nobody leaves over it",
  async () => {
    await using stage = await startStage();
    await using browser = await startBrowser();
    const ada = await Participant.join(browser, stage.url, "long", "Ada");
    const bob = await Participant.join(browser, stage.url, "long", "Bob");
    // Three bytes each: more than Chromium sends in one frame.
    await ada.say(`fits: ${"€".repeat(45_000)}`);
    await bob.sees("fits: ");
    // The one is too long as characters, the other as XML.
    for (const text of ["y".repeat(70_000), "&".repeat(60_000)]) {
      await ada.page.getByLabel("Message").fill(text);
      await ada.sees("too long for a message");
    }
    await ada.say("still here");
    await bob.sees("still here");
    assert.equal((await stage.happens("long", "message_sent", 2)).length, 2);
  },
);
