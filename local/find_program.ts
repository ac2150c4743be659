import { join } from "node:path";

/** The path of an installed program: by PATH, then where package managers put programs. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [
    ...(Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder.startsWith("/")),
    ...["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin"],
  ];
  for (const folder of folders) {
    const path = join(folder, name);
    const file = await Deno.stat(path).catch(() => undefined);
    if (file?.isFile && (file.mode ?? 0) & 0o111) return path;
  }
}

/** What runs the Lua tests: Debian's program, or else whatever is called `lua`. */
export async function findLua(): Promise<string> {
  return await findProgram("lua5.4") ?? await findProgram("lua") ?? "lua5.4";
}
