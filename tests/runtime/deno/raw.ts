/**
 * Bytes over TCP, for what no HTTP client would send.
 *
 * @module
 */

/** What came over a connection until it ended. */
export interface Exchange {
  readonly text: string;
  /** Whether the other side ended it; false when it was still open after `patience`. */
  readonly ended: boolean;
}

/** Sends text, and goes on sending `drip` at short intervals, until the other side ends the connection. */
export async function exchange(
  port: number,
  text: string,
  { drip, patience = 20_000 }: { readonly drip?: string; readonly patience?: number } = {},
): Promise<Exchange> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = (given: string) => new TextEncoder().encode(given);
  const write = (given: string) => connection.write(bytes(given)).catch(() => {});
  if (text) await write(text);
  const dripping = drip ? setInterval(() => write(drip), 50) : undefined;
  const chunks: string[] = [];
  const reading = (async () => {
    const buffer = new Uint8Array(16 * 1024);
    while (true) {
      const length = await connection.read(buffer).catch(() => null);
      if (length === null) return true;
      chunks.push(new TextDecoder().decode(buffer.subarray(0, length)));
    }
  })();
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), patience);
  const ended = await Promise.race([reading, late.promise]);
  clearTimeout(timer);
  clearInterval(dripping);
  connection.close();
  await reading;
  return { text: chunks.join(""), ended };
}

/** A handshake's text. */
export function handshake(path: string, ...headers: string[]): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}
