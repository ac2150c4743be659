/**
 * A name server (RFC 1035) that says what a test wants, and something else the next time.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** A running name server. */
export interface NameServer extends AsyncDisposable {
  readonly port: number;
  /** How often it was asked for a name. */
  asked(): number;
  /** Asks it, as a resolver does that keeps nothing. */
  resolve(hostname: string): Promise<{ address: string; family: number }[]>;
}

/** Starts one. `answers` are the addresses of every name: the first answer, the second … and over again. */
export async function startNameServer(answers: readonly (readonly string[])[]): Promise<NameServer> {
  let asked = 0;
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const family = familyOf(query);
    if (family === 4) asked++;
    const addresses = answers[(asked - 1) % answers.length]!.filter((address) => isIP(address) === family);
    socket.send(answer(query, addresses), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  return {
    port,
    asked: () => asked,
    async resolve(hostname) {
      const nameServer = { ipAddr: "127.0.0.1", port };
      const four = await Deno.resolveDns(hostname, "A", { nameServer }).catch(() => []);
      const six = await Deno.resolveDns(hostname, "AAAA", { nameServer }).catch(() => []);
      const order = answers[(asked - 1) % answers.length]!;
      return [...four, ...six].sort((a, b) => order.indexOf(a) - order.indexOf(b))
        .map((address) => ({ address, family: isIP(address) }));
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

// ---

/** Where the question ends: after its name, type and class. */
function endOfQuestion(query: Uint8Array): number {
  let at = 12;
  while (query[at] !== 0) at += query[at]! + 1;
  return at + 5;
}

/** Of which family addresses are asked for: A or AAAA. */
function familyOf(query: Uint8Array): number {
  return query[endOfQuestion(query) - 3] === 1 ? 4 : 6;
}

/** The question with its answers, good for no time at all. */
function answer(query: Uint8Array, addresses: readonly string[]): Uint8Array {
  const end = endOfQuestion(query);
  const header = [query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, addresses.length, 0, 0, 0, 0];
  const records = addresses.flatMap((address) => {
    const bytes = ipaddr.parse(address).toByteArray();
    return [0xc0, 12, 0, bytes.length === 4 ? 1 : 28, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes];
  });
  return Uint8Array.from([...header, ...query.slice(12, end), ...records]);
}
