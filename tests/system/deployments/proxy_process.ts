/**
 * A TCP proxy as a process of its own, which can be stopped (SIGSTOP): its connections are then half-open.
 * Arguments: the port it listens on, the port it passes on to.
 *
 * @module
 */
const [port, target] = Deno.args.map(Number);
for await (const near of Deno.listen({ hostname: "127.0.0.1", port: port! })) {
  (async () => {
    const far = await Deno.connect({ hostname: "127.0.0.1", port: target! });
    await Promise.allSettled([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)]);
  })().catch(() => near.close());
}
