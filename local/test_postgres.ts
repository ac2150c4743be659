/**
 * A PostgreSQL for one run of tests, in a folder that goes with it.
 *
 * @module
 */
import { startPostgres } from "./postgres.ts";

/** Starts one. Its databases are gone when it is disposed of. */
export async function startTestPostgres(): Promise<AsyncDisposable & { readonly url: string }> {
  const dataDir = await Deno.makeTempDir({ prefix: "talky-test-" });
  // Where we are root, PostgreSQL runs as somebody else, who has to pass.
  await Deno.chmod(dataDir, 0o711);
  const remove = () => Deno.remove(dataDir, { recursive: true });
  try {
    const postgres = await startPostgres({ dataDir, durable: false, say: console.error });
    return {
      url: postgres.url,
      async [Symbol.asyncDispose]() {
        await postgres.stop("immediate").finally(remove);
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
