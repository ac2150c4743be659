/**
 * Whether a Prosody is new enough, and runs on a Lua that our modules are written in.
 *
 * @module
 */
import { join } from "node:path";
import { Failure } from "../runtime/failure.ts";
import { findProgram } from "./find_program.ts";

/** Fails, saying what to do, where a Prosody cannot run our modules. */
export async function requireSuitable(program: string): Promise<void> {
  const version = await prosodyVersion(program);
  if (version && !isEnough(version)) {
    throw new Failure(
      `${program} is Prosody ${version}; 0.12 or later is needed: upgrade it, or set TALKY_XMPP_URL`,
    );
  }
  const lua = await luaOf(program);
  if (lua && lua.version !== "5.4") {
    const remedy = await findProgram("update-alternatives")
      ? "run `sudo apt-get install lua5.4` and `sudo update-alternatives --config lua-interpreter`"
      : "make the first line of it name a Lua 5.4";
    throw new Failure(
      `${program} runs on Lua ${lua.version} (${lua.interpreter}); 5.4 is needed: ${remedy}, or set TALKY_XMPP_URL`,
    );
  }
}

/**
 * The version of a Prosody, without running it (`prosody --version` would start the server): a file among its
 * sources holds it. Undefined where they are not to be found.
 */
export async function prosodyVersion(program: string): Promise<string | undefined> {
  const sources = await prosodySources(program);
  const version = sources && await Deno.readTextFile(join(sources, "prosody.version")).catch(() => undefined);
  return version?.trim();
}

/** The folder of a Prosody's sources, which its launcher, a Lua script, names. */
export async function prosodySources(program: string): Promise<string | undefined> {
  return /^CFG_SOURCEDIR\s*=\s*'(.*)'/m.exec(await launcherOf(program))?.[1];
}

// ---

function launcherOf(program: string): Promise<string> {
  return Deno.readTextFile(program).catch(() => "");
}

function isEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return !(major === 0 && minor < 12);
}

/**
 * What a launcher's first line has it run by: Debian's package names `lua5.4`, Prosody's own packages say `lua`,
 * which on Debian is the alternative `lua-interpreter`. Undefined where that cannot be told.
 */
async function luaOf(program: string): Promise<{ interpreter: string; version: string } | undefined> {
  const [, name] = /^#!\s*(?:\S*\/env\s+)?(\S+)/.exec(await launcherOf(program)) ?? [];
  const interpreter = name?.startsWith("/") ? name : name && await findProgram(name);
  if (!interpreter) return undefined;
  const said = await new Deno.Command(interpreter, { args: ["-v"], stdin: "null" }).output().catch(() =>
    undefined
  );
  // Lua 5.1 says it on the other stream.
  const text = [said?.stdout, said?.stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  const [, version] = /^Lua (\d+\.\d+)/m.exec(text) ?? [];
  return version === undefined ? undefined : { interpreter, version };
}
