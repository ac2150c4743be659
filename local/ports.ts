/**
 * A TCP port on 127.0.0.1 that nobody listens on now. Not one the operating system would choose: those
 * (from 32768 on) it also gives to outgoing connections, and then it is taken before it is used.
 */
export function freePort(): number {
  while (true) {
    const port = 16_384 + Math.floor(Math.random() * 16_384);
    if (isPortFree("127.0.0.1", port)) return port;
  }
}

/** Whether a port can be listened on now. Throws when it never can: no such address, no permission. */
export function isPortFree(hostname: string, port: number): boolean {
  try {
    using _listener = Deno.listen({ hostname, port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
