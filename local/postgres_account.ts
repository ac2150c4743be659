/**
 * Whom PostgreSQL's programs run as. They refuse to be root; so where we are root (a container, a fresh
 * server) they run as the user `postgres`, which is created if need be.
 *
 * @module
 */
import { Failure } from "../runtime/failure.ts";

/** How to run a program as the account, and who owns the files it writes. */
export interface Account {
  /** What goes before the program on the command line; empty for an ordinary user. */
  readonly prefix: readonly string[];
  /** Absent for an ordinary user: files are ours as it is. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** The account that can execute and read all the given paths. */
export async function postgresAccount(
  paths: readonly string[],
  say: (line: string) => void,
): Promise<Account> {
  if (Deno.uid() !== 0) return { prefix: [] };
  const owner = await lookUp() ?? await create(say);
  const prefix = ["setpriv", `--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"];
  if (await canReach(prefix, paths)) return { prefix, owner };

  // The project lies where only root may go, as in /root. Rather than open that folder to everyone or
  // copy 60 MB elsewhere, PostgreSQL keeps one capability: to pass by file permissions. The securebit
  // makes access(2), with which its programs look for one another, respect it too.
  prefix.push(
    "--securebits=+no_setuid_fixup",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=+dac_override",
  );
  if (await canReach(prefix, paths)) return { prefix, owner };
  throw new Failure(
    `PostgreSQL does not run as root, and its user may not enter ${paths.join(" or ")}: ` +
      "start as an ordinary user, move the project, or set DATABASE_URL",
  );
}

// ---

type Owner = NonNullable<Account["owner"]>;

async function lookUp(): Promise<Owner | undefined> {
  const [uid, gid] = await Promise.all([run("id", "-u", "postgres"), run("id", "-g", "postgres")]);
  return uid.success && gid.success ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

async function create(say: (line: string) => void): Promise<Owner> {
  say("creating the system user postgres, because PostgreSQL does not run as root");
  const made = await run("useradd", "--system", "--user-group", "--no-create-home", "postgres");
  const owner = made.success ? await lookUp() : undefined;
  if (!owner) {
    throw new Failure(
      `cannot create the user postgres (${made.stderr}): start as an ordinary user, or set DATABASE_URL`,
    );
  }
  return owner;
}

async function canReach(prefix: readonly string[], paths: readonly string[]): Promise<boolean> {
  const [program = "", ...args] = prefix;
  for (const path of paths) {
    if (!(await run(program, ...args, "test", "-x", path)).success) return false;
  }
  return true;
}

async function run(program: string, ...args: string[]) {
  try {
    const output = await new Deno.Command(program, { args, cwd: "/" }).output();
    const text = new TextDecoder();
    return {
      success: output.success,
      stdout: text.decode(output.stdout).trim(),
      stderr: text.decode(output.stderr).trim(),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, stdout: "", stderr: `${program} is not installed` };
  }
}
