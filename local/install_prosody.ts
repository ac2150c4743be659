/**
 * Finds the program `prosody`, and installs it with the system's package manager where that takes no
 * question.
 *
 * @module
 */
import { Failure } from "../runtime/failure.ts";
import { findProgram } from "./find_program.ts";
import { requireSuitable } from "./prosody_version.ts";

/** The path of a Prosody that can run our modules, installed first if there is none. */
export async function requireProsody(say: (line: string) => void): Promise<string> {
  const program = await findProsody() ?? await install(say);
  await requireSuitable(program);
  return program;
}

// ---

const findProsody = () => findProgram("prosody");

async function install(say: (line: string) => void): Promise<string> {
  const [apt, brew] = await Promise.all([findProgram("apt-get"), findProgram("brew")]);
  const remedy = apt
    ? "run `sudo apt-get install prosody lua-luv`"
    : brew
    ? "run `brew install prosody/prosody/prosody`"
    : "install it (https://prosody.im/download)";
  const missing = (reason: string) =>
    new Failure(`Prosody is not installed${reason}: ${remedy}, then this again, or set TALKY_XMPP_URL`);

  if (apt) {
    const asRoot = Deno.uid() === 0 ? [] : await succeeds("sudo", "-n", "true") ? ["sudo", "-n"] : undefined;
    if (!asRoot) throw missing(", and installing it takes a password");
    say("Prosody is not installed: installing it with apt-get");
    await runQuietly([...asRoot, "sh", "-c", aptScript], missing);
  } else if (brew) {
    say("Prosody is not installed: installing it with Homebrew");
    await runQuietly([brew, "install", "prosody/prosody/prosody"], missing);
  }
  const program = await findProsody();
  if (!program) throw missing("");
  return program;
}

/**
 * The package would start a server of its own, on the standard ports. Debian asks `policy-rc.d` (exit
 * code 101: no) before it starts a service; one that exists is not touched.
 */
const aptScript = `set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod 755 $policy
fi
apt-get update -qq
# With lua-luv the outbox can be forced to disk.
apt-get install -y -qq --no-install-recommends prosody lua-luv
[ ! -d /run/systemd/system ] || systemctl disable --quiet prosody`;

async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs an installer, silently unless it fails. */
async function runQuietly(
  [program = "", ...args]: readonly string[],
  missing: (reason: string) => Failure,
): Promise<void> {
  const output = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (output.success) return;
  await Deno.stderr.write(output.stderr);
  throw missing(", and installing it failed");
}
