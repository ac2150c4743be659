import assert from "node:assert/strict";
import { kill, limitFiles } from "../../local/process.ts";
import { until } from "../harness/wait.ts";
import { pidIn, ports, readiness, start } from "./started.ts";
import { type TemporaryFolder, temporaryFolder } from "./temporary_folder.ts";

const postgres = "postgres/postmaster.pid";
const prosody = "prosody/prosody.pid";

/** Takes a port as soon as whoever listens there has gone. */
async function seize(port: number): Promise<Deno.TcpListener> {
  return await until("the port is free", () => {
    try {
      return Deno.listen({ hostname: "127.0.0.1", port });
    } catch {
      return undefined;
    }
  }, { interval: 1 });
}

async function portOf(folder: TemporaryFolder): Promise<number> {
  return JSON.parse(await Deno.readTextFile(`${folder.path}/.data/postgres.json`)).port;
}

Deno.test("what cannot be started again is said in a line and tried again; /readyz says which", async () => {
  await using folder = await temporaryFolder();
  const settings = ports();
  const running = await start(folder, settings);
  try {
    for (
      const { file, name, port, check } of [
        { file: postgres, name: "PostgreSQL", port: await portOf(folder), check: "database" },
        { file: prosody, name: "Prosody", port: Number(settings.TALKY_PROSODY_PORT), check: "prosody" },
      ]
    ) {
      kill(await pidIn(folder, file), "SIGKILL");
      const stranger = await seize(port);
      await until(`it says that ${name} cannot be started`, () => {
        return new RegExp(`^talky: ${name} .*(port|address).*; trying again$`, "mi").test(running.output());
      }, { timeout: 60_000 });
      // Without its database the API subscribes to no outbox, so then neither is well.
      await until(`/readyz says that ${check} is away`, async () => {
        const { ready, checks } = await readiness(settings);
        return !ready && !checks[check].ok && (check === "database" || checks.database.ok);
      }, { timeout: 60_000 });
      stranger.close();
      await until(`${name} is back`, () => running.output().includes(`${name} is back`), { timeout: 60_000 });
    }
    if (Deno.build.os === "linux") {
      // What a full disk does: nothing that start starts can write more than a few kilobytes.
      await limitFiles(running.pid, 5000);
      const said = running.output().length;
      kill(await pidIn(folder, postgres), "SIGKILL");
      await until("it says that PostgreSQL cannot be started", () => {
        return /^talky: PostgreSQL does not start: .*; trying again$/m.test(running.output().slice(said));
      }, { timeout: 60_000 });
      await limitFiles(running.pid, Infinity);
      await until("PostgreSQL is back", () => running.output().slice(said).includes("PostgreSQL is back"), {
        timeout: 60_000,
      });
    }
    await until("the service is ready", async () => (await readiness(settings)).ready, { timeout: 60_000 });
  } finally {
    assert.equal(await running.end("SIGTERM"), 0);
  }
});
