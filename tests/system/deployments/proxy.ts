/**
 * What stands between the service and its database, and breaks.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { freePort } from "../../../local/ports.ts";
import { kill } from "../../../local/process.ts";
import { until } from "../../harness/wait.ts";

/** A proxy that can be stopped in the middle of everything. */
export interface StoppableProxy extends AsyncDisposable {
  readonly port: number;
  /** Nothing comes through, nothing is refused, nothing is closed. */
  stop(): void;
  goOn(): void;
}

/** Starts one in front of a port of this machine. */
export async function startProxy(target: number): Promise<StoppableProxy> {
  const port = freePort();
  const script = fileURLToPath(new URL("proxy_process.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-config", "--allow-net", script, String(port), String(target)],
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("the proxy listens", async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.close();
    return true;
  }, { timeout: 60_000 });
  return {
    port,
    stop: () => kill(child.pid, "SIGSTOP"),
    goOn: () => kill(child.pid, "SIGCONT"),
    async [Symbol.asyncDispose]() {
      kill(child.pid, "SIGKILL");
      await child.status;
    },
  };
}

/** An address that moves from one server to another, as a cloud's does in a failover. */
export interface FloatingAddress extends Disposable {
  readonly port: number;
  /** Where new connections go. Those that are open stay, or are cut. */
  moveTo(target: number, options?: { readonly cut?: boolean }): void;
}

/** Makes one. */
export function floatingAddress(target: number): FloatingAddress {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const close = (connection: Deno.TcpConn) => {
    if (!open.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // It was closed from the other side.
    }
  };
  (async () => {
    for await (const near of listener) {
      open.add(near);
      (async () => {
        const far = await Deno.connect({ hostname: "127.0.0.1", port: target });
        open.add(far);
        const ways = [near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)];
        await Promise.race(ways.map((way) => way.catch(() => {})));
        close(far);
      })().catch(() => {}).finally(() => close(near));
    }
  })();
  return {
    port: listener.addr.port,
    moveTo(port, { cut = false } = {}) {
      target = port;
      if (cut) [...open].forEach(close);
    },
    [Symbol.dispose]() {
      listener.close();
      [...open].forEach(close);
    },
  };
}
