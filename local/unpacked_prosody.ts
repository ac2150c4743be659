/**
 * Another Prosody than the installed one, for tests: Debian's package from its backports, unpacked into a
 * folder and made to look for its sources there. It uses the Lua and the libraries of the installed one.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { Failure } from "../runtime/failure.ts";

/** The path of the program `prosody` in its release 13, unpacked first if it is not there. */
export async function unpackedProsody13(): Promise<string> {
  const folder = join(cacheFolder(), "prosody-13");
  const program = join(folder, "usr/bin/prosody");
  if (await Deno.stat(program).then(() => true, () => false)) return program;
  await Deno.mkdir(dirname(folder), { recursive: true });
  // A folder beside it takes its place at once: somebody else may do the same now.
  const draft = await Deno.makeTempDir({ dir: dirname(folder), prefix: "prosody-13-" });
  try {
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-c", script, "talky-prosody", draft, folder],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    const reason = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
    if (!success) throw new Failure(`Prosody 13 cannot be had here: ${reason}`);
    await Deno.rename(join(draft, "root"), folder).catch((error) => {
      if (!(error instanceof Error && "code" in error && error.code === "ENOTEMPTY")) throw error;
    });
    return program;
  } finally {
    await Deno.remove(draft, { recursive: true });
  }
}

// ---

/** Not in root's home, where Prosody's own user, which prosodyctl becomes, cannot go. */
function cacheFolder(): string {
  if (Deno.uid() === 0) return "/var/cache/talky-core-api";
  const base = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/var/tmp", ".cache");
  return join(base, "talky-core-api");
}

/**
 * The backports lie where this system's packages come from. Lists and keys of the system are not touched:
 * nothing can be installed from there by mistake.
 */
const script = `set -e
draft=$1 folder=$2
. /etc/os-release
[ "$ID-$VERSION_CODENAME" = debian-bookworm ] || { echo "it is unpacked on Debian bookworm only" >&2; exit 1; }
archive=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' |
  sed -n 's/ bookworm$//p' | head -n 1)
[ -n "$archive" ] || { echo "no source of Debian's packages is configured" >&2; exit 1; }
cd "$draft"
mkdir -p lists/partial cache/archives/partial
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $archive bookworm-backports main" > sources.list
apt() {
  apt-get -qq -o APT::Sandbox::User= -o Acquire::Retries=2 -o Dir::Etc::SourceParts=/dev/null \\
    -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache" "$@"
}
# Without an error, apt-get goes on where it gets nothing.
apt -o APT::Update::Error-Mode=any update
apt download 'prosody=13.*'
dpkg -x prosody_*.deb root
sed -i "s|'/usr/lib/prosody|'$folder/usr/lib/prosody|; s|'/etc/prosody|'$folder/etc/prosody|" \\
  root/usr/bin/prosody root/usr/bin/prosodyctl`;
