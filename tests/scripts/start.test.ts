import assert from "node:assert/strict";
import { commandLine } from "../../local/process.ts";
import { until } from "../harness/wait.ts";
import { pidIn, ports, start } from "./started.ts";
import { runTask } from "./task.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const services = ["postgres/postmaster.pid", "prosody/prosody.pid"];

Deno.test("start brings everything up, and ends it on SIGTERM; a second start finds the data", async () => {
  await using folder = await temporaryFolder();
  const settings = ports();
  const first = await start(folder, settings);
  const pids = await Promise.all(services.map((file) => pidIn(folder, file)));
  for (const pid of pids) assert.notEqual(await commandLine(pid), "");
  assert.match(first.output(), /Database +postgres:\/\/talky@127\.0\.0\.1/);
  assert.equal(await first.end("SIGTERM"), 0);
  for (const pid of pids) assert.equal(await commandLine(pid), "");

  const second = await start(folder, settings);
  assert.doesNotMatch(second.output(), /creating|applied/);
  assert.equal(await second.end("SIGINT"), 0);
});

Deno.test("a start after a killed one takes over what still runs", async () => {
  await using folder = await temporaryFolder();
  const settings = ports();
  const killed = await start(folder, settings);
  const pids = await Promise.all(services.map((file) => pidIn(folder, file)));
  await killed.end("SIGKILL");
  for (const pid of pids) assert.notEqual(await commandLine(pid), "");

  const next = await start(folder, settings);
  assert.match(next.output(), /PostgreSQL still runs/);
  assert.match(next.output(), /Prosody still runs/);
  assert.deepEqual(await Promise.all(services.map((file) => pidIn(folder, file))), pids);
  await next.end("SIGKILL");

  // Other settings, another Prosody.
  const changed = await start(folder, { ...settings, TALKY_XMPP_DOMAIN: "talky.test" });
  assert.match(changed.output(), /runs with other settings/);
  assert.equal(await commandLine(pids[1]!), "");
  assert.equal(await changed.end("SIGTERM"), 0);
  assert.equal(await commandLine(pids[0]!), "");
});

Deno.test("a half-made cluster is made anew", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(`${folder.path}/.data/postgres.new/base`, { recursive: true });
  await Deno.writeTextFile(`${folder.path}/.data/postgres.new/PG_VERSION`, "18\n");
  const { code, stderr } = await runTask("createdb", [], folder.path);
  assert.equal(code, 0, stderr);
});

Deno.test("one data directory is for one start at a time; other tasks share its database", async () => {
  await using folder = await temporaryFolder();
  const settings = ports();
  const first = await start(folder, settings);
  const second = await runTask("start", [], folder.path, ports());
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^talky: another task \(process \d+\) works on .data: .*TALKY_DATA_DIR.*\n$/);
  assert.equal((await runTask("migrate", [], folder.path, settings)).stdout, "nothing applied\n");
  assert.equal(await first.end("SIGTERM"), 0);
});

Deno.test("a busy port is one line, and leaves nothing running", async () => {
  for (const name of ["PORT", "TALKY_PROSODY_PORT"] as const) {
    await using folder = await temporaryFolder();
    using stranger = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const settings = { ...ports(), [name]: String(stranger.addr.port) };
    const { code, stderr } = await runTask("start", [], folder.path, settings);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^talky: .*\\b${name}\\b.*\\n$`));
    for (const file of services) {
      const left = await pidIn(folder, file).catch(() => 0);
      assert.equal(left > 0 ? await commandLine(left) : "", "", `${file} after a busy ${name}`);
    }
  }
});

Deno.test("a Prosody on another Lua is one line that says how to choose", async () => {
  await using folder = await temporaryFolder();
  const programs = {
    // As Prosody's own packages have it: Debian's alternatives decide.
    prosody: "#!/usr/bin/env lua\n",
    lua: "#!/bin/sh\necho 'Lua 5.1.5  Copyright (C) 1994-2012 Lua.org, PUC-Rio' >&2\n",
    "update-alternatives": "#!/bin/sh\n",
  };
  for (const [name, text] of Object.entries(programs)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, text, { mode: 0o755 });
  }
  const settings = { ...ports(), PATH: `${folder.path}:${Deno.env.get("PATH")}` };
  const { code, stderr } = await runTask("start", [], folder.path, settings);
  assert.equal(code, 1);
  assert.match(stderr, /^talky: .* runs on Lua 5\.1 .*5\.4 is needed: .*--config lua-interpreter.*\n$/);
});

Deno.test("asked twice, a start does not wait for what hangs", async () => {
  await using folder = await temporaryFolder();
  const running = await start(folder, ports());
  const prosody = await pidIn(folder, "prosody/prosody.pid");
  Deno.kill(prosody, "SIGSTOP");
  const began = Date.now();
  setTimeout(() => running.end("SIGTERM"), 1000);
  assert.equal(await running.end("SIGTERM"), 130);
  assert(Date.now() - began < 5000, `took ${Date.now() - began} ms`);
  await until("Prosody has gone", async () => await commandLine(prosody) === "");
});
