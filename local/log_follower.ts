/** A follower at work. */
export interface LogFollower {
  /** Reads what is left and ends. */
  stop(): Promise<void>;
}

/**
 * Calls back with each whole line appended to a file after `offset`. By polling: it is for a person who
 * watches, and works on every file system.
 */
export function followLog(path: string, offset: number, onLine: (line: string) => void): LogFollower {
  const text = new TextDecoder();
  let rest = "";
  let reading = Promise.resolve();
  const read = async () => {
    const bytes = await readFrom(path, offset);
    offset += bytes.length;
    const lines = (rest + text.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  };
  const timer = setInterval(() => reading = reading.then(read), 500);
  return {
    stop() {
      clearInterval(timer);
      return reading.then(read);
    },
  };
}

/** The size of a file; 0 where there is none. */
export async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

/** The bytes of a file from an offset on; none where there is no such file. */
export async function readFrom(path: string, offset: number): Promise<Uint8Array<ArrayBuffer>> {
  const size = await sizeOf(path);
  if (size <= offset) return new Uint8Array();
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size - offset);
  const count = await file.read(bytes) ?? 0;
  return bytes.subarray(0, count);
}
