/**
 * An attacker's tools: requests, bytes and XMPP from an address of its own of the loopback range.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { through } from "../../harness/through.ts";

/** What is attacked. Goes to a worker as a message. */
export interface Target {
  readonly url: string;
  readonly prosody: string;
  readonly hosts: { readonly guests: string; readonly users: string; readonly rooms: string };
  /** An application's token for somebody whose customerData cannot be written as XML. */
  readonly appToken: string;
  /** An operator's, which has leaked. */
  readonly token: string;
}

/** A session in XMPP that reads nothing of what it is sent. */
export interface XmppAttacker {
  readonly id: string;
  readonly jid: string;
  readonly socket: WebSocket;
  send(text: string): void;
}

/** An attacker. */
export class Attacker {
  readonly target: Target;
  readonly address: string;
  /** How many things were done, and how they were answered. */
  readonly answers: Record<string, number> = {};
  readonly #client: Deno.HttpClient;
  readonly #open = new Set<Socket | WebSocket>();
  #xmpp: XmppAttacker | undefined;
  #credential: string | undefined;

  constructor(target: Target, address: string) {
    this.target = target;
    this.address = address;
    this.#client = Deno.createHttpClient({ localAddress: address });
  }

  count(answer: string): void {
    this.answers[answer] = (this.answers[answer] ?? 0) + 1;
  }

  /** Sends a request; its answer is counted, and read. */
  async request(path: string, init: RequestInit = {}): Promise<string> {
    const response = await fetch(this.target.url + path, through(this.#client, init));
    this.count(String(response.status));
    return await response.text();
  }

  /** A guest's configuration, a new one or the one there is. */
  async guest(): Promise<{ id: string; userId: string; credential: string }> {
    const config = JSON.parse(await this.request("/config/guest", { method: "POST", body: "{}" }));
    this.#credential = config.credential ?? this.#credential;
    return config;
  }

  async credential(): Promise<string> {
    return this.#credential ??= (await this.guest()).credential;
  }

  /** Sends bytes, and leaves the connection open until there are fifty. */
  raw(text: string, drip?: string): void {
    const { hostname, port } = new URL(this.target.url);
    const socket = connect({ host: hostname, port: Number(port), localAddress: this.address });
    socket.on("error", () => {});
    socket.resume();
    socket.write(text);
    const dripping = drip ? setInterval(() => socket.write(drip), 500) : undefined;
    socket.on("close", () => {
      clearInterval(dripping);
      this.#open.delete(socket);
    });
    this.count("bytes");
    this.#hold(socket);
  }

  /** Opens a WebSocket, and sends once it is open, or says how it was refused. */
  webSocket(url: string, protocol: string, ...texts: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const socket = new WebSocket(url, [protocol], { localAddress: this.address });
      this.#hold(socket);
      socket.on("open", () => {
        for (const text of texts) socket.send(text);
        this.count("open");
        resolve();
      });
      socket.on("error", ({ message }) => {
        this.count(/\d{3}/.exec(message)?.[0] ?? "refused");
        resolve();
      });
      socket.on("close", () => this.#open.delete(socket));
    });
  }

  /** Logs in, or gives who has; undefined where it is refused. */
  async xmpp(): Promise<XmppAttacker | undefined> {
    if (this.#xmpp?.socket.readyState === WebSocket.OPEN) return this.#xmpp;
    const config = await this.guest();
    if (!config.credential) return undefined;
    return this.#xmpp = await this.logIn(config);
  }

  /** Logs in with a guest's configuration. */
  async logIn(
    { id, userId, credential }: { id: string; userId: string; credential: string },
  ): Promise<XmppAttacker | undefined> {
    const [node, domain] = userId.split("@");
    const socket = new WebSocket(this.target.prosody, ["xmpp"], { localAddress: this.address });
    this.#hold(socket);
    const open = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${domain}" version="1.0"/>`;
    const password = btoa(`\0${node}\0${credential}`);
    const steps: [RegExp, string][] = [
      [/PLAIN/, `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${password}</auth>`],
      [/<success/, open],
      [/xmpp-bind/, `<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="${bind}"/></iq>`],
    ];
    const isIn = await new Promise<boolean>((resolve) => {
      socket.on("open", () => socket.send(open));
      socket.on("error", () => resolve(false));
      socket.on("close", () => resolve(false));
      socket.on("message", (data: Uint8Array) => {
        const text = String(data);
        if (steps[0]?.[0].test(text)) socket.send(steps.shift()![1]);
        else if (/id=['"]bind['"]/.test(text)) resolve(/type=['"]result['"]/.test(text));
        else if (/<failure|stream:error/.test(text)) resolve(false);
      });
    });
    socket.removeAllListeners("message");
    socket.on("message", () => {});
    this.count(isIn ? "logged in" : "not logged in");
    if (!isIn) {
      socket.terminate();
      return undefined;
    }
    const send = (text: string) => {
      // Whoever is read no faster would have this process hold what it has not taken.
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < 256 * 1024) socket.send(text);
    };
    return { id, jid: `${userId}/${id}`, socket, send };
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) close(socket);
    this.#client.close();
  }

  #hold(socket: Socket | WebSocket): void {
    this.#open.add(socket);
    const [oldest] = this.#open;
    if (this.#open.size > 50 && oldest) close(oldest);
  }
}

// ---

const bind = "urn:ietf:params:xml:ns:xmpp-bind";

function close(socket: Socket | WebSocket): void {
  if (socket instanceof WebSocket) socket.terminate();
  else socket.destroy();
}
