/**
 * Prosody's own nodeprep, without a running Prosody: what it makes of any number of texts at once.
 *
 * @module
 */
import { findLua } from "../../local/find_program.ts";
import { requireProsody } from "../../local/install_prosody.ts";
import { prosodySources } from "../../local/prosody_version.ts";
import type { ProsodyRelease } from "./prosody_releases.ts";

/** The node that each text becomes in the address of a stanza; null where Prosody takes it for none. */
export async function prosodyNodeprep(
  release: ProsodyRelease,
  texts: readonly string[],
): Promise<(string | null)[]> {
  const sources = await prosodySources(release.program ?? await requireProsody(console.error));
  const child = new Deno.Command(await findLua(), {
    args: ["-e", script],
    env: { LUA_CPATH: `${sources}/?.so` },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = new Blob([texts.map((text) => `${hex(text)}\n`).join("")]).stream();
  const [output] = await Promise.all([child.output(), input.pipeTo(child.stdin)]);
  const lines = new TextDecoder().decode(output.stdout).split("\n").slice(0, -1);
  if (lines.length !== texts.length) throw new Error(`${lines.length} answers to ${texts.length} texts`);
  return lines.map((line) => line === "-" ? null : unhex(line));
}

// ---

/** Strict, as for the address of a stanza: what Unicode 3.2 does not know is refused. */
const script = `
local nodeprep = require "util.encodings".stringprep.nodeprep
for line in io.lines() do
  local text = line:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)
  local node = nodeprep(text, true)
  print(node and node:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end) or "-")
end`;

function hex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}

function unhex(text: string): string {
  return new TextDecoder().decode(Uint8Array.fromHex(text));
}
