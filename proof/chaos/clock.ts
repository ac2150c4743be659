/**
 * A clock that can be set, for some processes: libfaketime, which is in Debian, stands between them and the
 * system's. Time goes on as it does; only what it is called differs.
 *
 * @module
 */

/** The clock of the processes that are started with {@link Clock.environment}. */
export class Clock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** A clock that is right, kept in a file. */
  static async make(file: string): Promise<Clock> {
    const clock = new Clock(file);
    await clock.set(0);
    return clock;
  }

  /** What a process needs to go by it. Empty where there is no libfaketime: then the system's. */
  get environment(): Readonly<Record<string, string>> {
    if (!library) return {};
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // In seconds: so soon it is looked at again.
      FAKETIME_CACHE_DURATION: "1",
      // What is waited for comes when it comes.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Sets it so many seconds ahead of the system's, or behind it. */
  async set(seconds: number): Promise<void> {
    const draft = `${this.#file}.new`;
    await Deno.writeTextFile(draft, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    await Deno.rename(draft, this.#file);
  }
}

/** Whether clocks can be set here. */
export function canSetClocks(): boolean {
  return library !== undefined;
}

// ---

const library = ["x86_64", "aarch64"].map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
