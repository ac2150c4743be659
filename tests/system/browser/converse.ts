/**
 * Somebody with converse.js, another client than ours: in a page of its own, with what `/config/guest` gave.
 * It does what a person does through its models; its form and menus are not what is tested.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";

/** Where converse.js is served from: its bundle, and a page that loads it. */
export function serveConverse(): AsyncDisposable & { readonly url: string } {
  const folder = dirname(fileURLToPath(import.meta.resolve("converse.js")));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response(page, { headers: { "content-type": "text/html" } });
    const type = types[pathname.slice(pathname.lastIndexOf("."))] ?? "application/octet-stream";
    const file = await Deno.readFile(join(folder, pathname)).catch(() => undefined);
    return file
      ? new Response(file, { headers: { "content-type": type } })
      : new Response(null, { status: 404 });
  });
  return {
    url: `http://localhost:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Somebody in a room with converse.js. */
export class ConverseParticipant {
  private constructor(
    readonly name: string,
    readonly page: Page,
    readonly sessionid: string,
  ) {}

  /** Opens the page at `converse`, logs in to the service at `url`, and waits until the room is entered. */
  static async join(
    browser: Browser,
    converse: string,
    url: string,
    room: string,
    name: string,
  ): Promise<ConverseParticipant> {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(converse, { waitUntil: "commit" });
    await page.waitForFunction(() => "converse" in globalThis);
    const id = await page.evaluate(enter, { url, room });
    return new ConverseParticipant(name, page, id);
  }

  say(text: string): Promise<void> {
    return this.page.evaluate((body) => inRoom().sendMessage({ body }).then(() => {}), text);
  }

  /** Replaces the last message (XEP-0308). */
  correct(text: string): Promise<void> {
    return this.page.evaluate((body) => {
      ownMessage().save({ correcting: true });
      return inRoom().sendMessage({ body }).then(() => {});
    }, text);
  }

  /** Takes the last message back (XEP-0424). */
  retract(): Promise<void> {
    return this.page.evaluate(() => inRoom().retractOwnMessage(ownMessage()).then(() => {}));
  }

  /** Reacts to a message with this text, as converse.js's picker does (XEP-0444). */
  react(text: string, emoji: string): Promise<void> {
    return this.page.evaluate(({ text, emoji }) => {
      const room = inRoom();
      const [message] = room.messages.models.filter((message) => message.get("body") === text);
      const id = message?.get(`stanza_id ${room.get("jid")}`) ?? message?.get("msgid");
      const { $msg } = talky.converse.env;
      talky.api.send(
        $msg({ to: room.get("jid"), type: "groupchat", id: crypto.randomUUID() })
          .c("reactions", { xmlns: "urn:xmpp:reactions:0", id }).c("reaction").t(emoji),
      );
    }, { text, emoji });
  }

  /** Waits until a message with just this text is there, and neither corrected nor taken back. */
  async sees(text: string): Promise<void> {
    await this.page.waitForFunction(
      (text) =>
        inRoom().messages.models.some((message) =>
          message.get("message") === text && !message.get("retracted")
        ),
      text,
    );
  }

  leave(): Promise<void> {
    return this.page.evaluate(() => inRoom().leave().then(() => {}));
  }
}

// ---

const page = `<!DOCTYPE html><html lang="en"><title>converse.js</title>
<link rel="stylesheet" href="/converse.min.css">
<script type="module">import converse from "/converse.min.js"; globalThis.converse = converse;</script>
<body class="converse-fullscreen"><converse-root></converse-root></body></html>`;

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

interface Model {
  get(name: string): unknown;
  save(attributes: Record<string, unknown>): void;
}

interface RoomModel extends Model {
  readonly messages: { readonly models: readonly Model[] };
  readonly session: Model;
  sendMessage(attributes: { body: string }): Promise<unknown>;
  retractOwnMessage(message: Model): Promise<unknown>;
  leave(): Promise<unknown>;
}

/** What the page keeps of converse.js, and what is called in it. */
declare const talky: {
  readonly converse: {
    // deno-lint-ignore no-explicit-any
    readonly env: any;
    readonly ROOMSTATUS: { readonly ENTERED: number };
  };
  readonly api: { send(stanza: unknown): void };
};
declare function inRoom(): RoomModel;
declare function ownMessage(): Model;

/** In the page: logs in and enters the room. Returns the session's id. */
async function enter({ url, room }: { url: string; room: string }): Promise<string> {
  const post = async (address: string, body: unknown, credential?: string) => {
    const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
    return await (await fetch(address, { method: "POST", body: JSON.stringify(body), headers })).json();
  };
  const config = await post(`${url}/config/guest`, {});
  const { roomAddress } = await post(config.roomConfigUrl, { name: room }, config.credential);
  // deno-lint-ignore no-explicit-any
  const { converse } = globalThis as any;
  await new Promise<void>((resolve) => {
    converse.plugins.add("talky", {
      // deno-lint-ignore no-explicit-any
      initialize(this: any) {
        const { api, state } = this._converse;
        const inRoom = () => state.chatboxes.get(roomAddress);
        const ownMessage = () =>
          inRoom().messages.models.filter((message: Model) => message.get("sender") === "me").at(-1);
        Object.assign(globalThis, { talky: { converse, api }, inRoom, ownMessage });
        api.listen.on("enteredNewRoom", () => resolve());
      },
    });
    converse.initialize({
      authentication: "login",
      auto_login: true,
      jid: `${config.userId}/${config.id}`,
      password: config.credential,
      websocket_url: config.signalingUrl,
      discover_connection_methods: false,
      // The nick is the session's id.
      auto_join_rooms: [{ jid: roomAddress, nick: config.id }],
      assets_path: "/",
      i18n: "en",
      view_mode: "fullscreen",
      persistent_store: "sessionStorage",
      clear_cache_on_logout: true,
      muc_show_logs_before_join: false,
      whitelisted_plugins: ["talky"],
    });
  });
  return config.id;
}
