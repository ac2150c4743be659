/**
 * Putting a configuration where Prosody reads it: checked first, with the last one kept.
 *
 * @module
 */
import { Failure } from "../runtime/failure.ts";
import { findProgram } from "./find_program.ts";

/** What became of a file. */
export interface Installed {
  /** Where what was there before is now; false where there was nothing. */
  readonly backup: string | false;
  /** False where there is no prosodyctl to check it. */
  readonly checked: boolean;
}

/** Checks a configuration and puts it in its place, readable by Prosody's user and nobody else. */
export async function installFile(path: string, text: string): Promise<Installed> {
  const checked = await checkProsodyConfig(text);
  const draft = `${path}.new`;
  try {
    await writeForProsody(draft, text);
    const backup = `${path}.${timestamp()}`;
    const kept = await Deno.rename(path, backup).then(() => true, ignoreMissing);
    await Deno.rename(draft, path);
    return { backup: kept && backup, checked };
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      const again = `sudo --preserve-env ${Deno.execPath()} task prosody:config:install`;
      throw new Failure(`${path} may not be written: run \`${again}\``);
    }
    if (error instanceof Deno.errors.NotFound) {
      throw new Failure(`${path} cannot be written: there is no such folder (is Prosody installed?)`);
    }
    throw error;
  }
}

/**
 * Lets `prosodyctl` judge a configuration, the installed one unless said otherwise; false where there is none.
 * Fails with what it found wrong.
 */
export async function checkProsodyConfig(text: string, prosodyctl?: string): Promise<boolean> {
  const program = prosodyctl ?? await findProgram("prosodyctl");
  if (!program) return false;
  // Where Prosody's user can read it: run by root, prosodyctl becomes that user.
  const folder = await Deno.makeTempDir({ prefix: "talky-prosody-" });
  try {
    await Deno.chmod(folder, 0o711);
    const path = `${folder}/prosody.cfg.lua`;
    await writeForProsody(path, text);
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: ["--config", path, "check", "config"],
      stdin: "null",
    }).output();
    if (success) return true;
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    throw new Failure(`prosodyctl refuses the configuration:\n${said.trim()}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// ---

/** It holds a key: root's, and readable by Prosody's group, where there is one; else the caller's alone. */
async function writeForProsody(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  if (Deno.uid() !== 0) return;
  const { success, stdout } = await new Deno.Command("id", { args: ["-g", "prosody"], stderr: "null" })
    .output();
  if (!success) return;
  await Deno.chown(path, 0, Number(new TextDecoder().decode(stdout)));
  await Deno.chmod(path, 0o640);
}

/** `20260131T120000Z` */
function timestamp(): string {
  return new Date().toISOString().replace(/[-:]|\.\d+/g, "");
}

function ignoreMissing(error: unknown): false {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  return false;
}
