/**
 * A receiver of webhooks that does what a test says, and keeps what it was sent.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Webhook } from "standardwebhooks";

/** A delivery as it arrived. */
export interface Received {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ids of its events; none of other deliveries. */
  readonly events: readonly number[];
  /** Whether it was answered with 2xx. */
  accepted: boolean;
  /** Whether npm's `standardwebhooks` verifies it. */
  isSignedWith(secret: string): boolean;
}

/** What it does with a delivery: answers a status, or whatever else it likes. */
export type Behaviour = (
  received: Received,
  response: ServerResponse,
  request: IncomingMessage,
) => number | void | Promise<number | void>;

/** A running receiver. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** In the order of arrival, verifications included. */
  readonly received: Received[];
  /** Connections that were made to it. */
  connections(): number;
  /** Ids of events of the batches that it accepted, in order of arrival; a repeated `webhook-id` once. */
  accepted(): number[];
  /** What it does from now on. Default: answers 204. */
  behave(behaviour: Behaviour): void;
  /** Checks each delivery with npm's `standardwebhooks`; what does not verify is answered with 401. */
  verify(...secrets: string[]): void;
  /** Goes away with all its connections, and comes back at the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/** Starts one. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let behaviour: Behaviour = () => 204;
  let secrets: string[] | undefined;
  let connections = 0;
  let port = 0;
  let server: Server;
  const sockets = new Set<Socket>();

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = new TextDecoder().decode(await new Blob(chunks as BlobPart[]).arrayBuffer());
    const headers = request.headers as Record<string, string>;
    const delivery: Received = {
      id: headers["webhook-id"] ?? "",
      headers,
      body,
      events: idsIn(body),
      accepted: false,
      isSignedWith: (secret) => verifies(secret, body, headers),
    };
    received.push(delivery);
    if (secrets && !secrets.some((secret) => verifies(secret, body, headers))) {
      response.writeHead(401).end();
      return;
    }
    const status = await behaviour(delivery, response, request);
    if (typeof status !== "number") return;
    delivery.accepted = status >= 200 && status < 300;
    response.writeHead(status).end();
  };
  const up = async () => {
    server = createServer((request, response) => handle(request, response).catch(() => response.destroy()));
    server.on("connection", (socket) => {
      connections++;
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    port = (server.address() as { port: number }).port;
  };
  const down = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await up();
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    connections: () => connections,
    accepted() {
      const batches = received.filter(({ accepted, events }) => accepted && events.length > 0);
      return [...new Map(batches.map((batch) => [batch.id, batch])).values()].flatMap(({ events }) => events);
    },
    behave: (next) => behaviour = next,
    verify: (...list) => secrets = list,
    down,
    up,
    [Symbol.asyncDispose]: down,
  };
}

/**
 * Asserts that what a receiver was sent, accepted or not, is all of these events, in order: each batch follows the one
 * before, and comes again only as it was, under its id. `late`: also after the next one, of somebody who was stopped.
 */
export function assertTold({ received }: Receiver, ids: readonly number[], { late = false } = {}): void {
  const batches = new Map<string, readonly number[]>();
  let newest = "";
  for (const { id, events } of received) {
    if (events.length === 0) continue;
    const before = batches.get(id);
    if (before === undefined) {
      batches.set(id, events);
      newest = id;
      continue;
    }
    assert.deepEqual(events, before, `${id} is the same again`);
    if (!late) assert.equal(id, newest, "what comes again is the newest");
  }
  assert.deepEqual([...batches.values()].flat(), ids);
}

// ---

function idsIn(body: string): number[] {
  try {
    const { events = [] } = JSON.parse(body) as { events?: { id: number }[] };
    return events.map(({ id }) => id);
  } catch {
    return [];
  }
}

function verifies(secret: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
