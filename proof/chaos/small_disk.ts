/**
 * A file system of its own that can be filled up: a few megabytes of memory, mounted. Linux, as root.
 *
 * @module
 */
import { join } from "node:path";

/** One that is mounted. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;
  #filling: ReturnType<typeof setInterval> | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Mounts one on a folder, which is made. */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk> {
    await Deno.mkdir(folder, { recursive: true });
    const args = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "none", folder];
    const { success, stderr } = await new Deno.Command("mount", { args }).output();
    if (!success) throw new Error(`${folder} cannot be mounted: ${new TextDecoder().decode(stderr).trim()}`);
    return new SmallDisk(folder);
  }

  /** Takes every byte that is left, and what others give back, until {@link free}. */
  fill(): void {
    this.#take();
    this.#filling = setInterval(() => this.#take(), 20);
  }

  /** Gives back what {@link fill} took. */
  free(): void {
    clearInterval(this.#filling);
    try {
      Deno.removeSync(this.#ballast);
    } catch {
      // It was not filled.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.free();
    await new Deno.Command("umount", { args: ["--lazy", this.#folder] }).output();
  }

  #take(): void {
    using file = Deno.openSync(this.#ballast, { append: true, create: true });
    for (let size = 2 ** 20; size >= 1; size >>= 1) {
      const bytes = new Uint8Array(size);
      try {
        while (file.writeSync(bytes) === size);
      } catch {
        // Not so many.
      }
    }
  }

  get #ballast(): string {
    return join(this.#folder, "ballast");
  }
}

/** Whether there can be one here. */
export async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const folder = await Deno.makeTempDir({ prefix: "talky-disk-" });
  try {
    await using _disk = await SmallDisk.mount(folder, 1);
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(folder);
  }
}
