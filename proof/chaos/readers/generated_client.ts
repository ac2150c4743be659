/**
 * A client of the REST API as an application has it: generated from `/openapi.json`, when the stage is set.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Failure } from "../../../runtime/failure.ts";

/** Generates one into a folder. Returns the path of the module with its operations. */
export async function generateClient(url: string, folder: string): Promise<string> {
  const inProject = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  // A process of its own: the generator looks into /proc, which takes all permissions.
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", `--config=${inProject("../../../deno.json")}`],
      ...[inProject("generate.ts"), url, folder],
    ],
    stdin: "null",
  }).output();
  if (!success) throw new Failure(`no client is generated: ${new TextDecoder().decode(stderr).trim()}`);
  return `${folder}/sdk.gen.ts`;
}

/** A page of events, as far as a reader looks at it. */
const Page = z.object({ items: z.array(z.object({ id: z.int() })), next: z.int().nullable() });

/** Lists events after an id; null where that failed. */
export type ListEvents = (after: number, signal: AbortSignal) => Promise<z.infer<typeof Page> | null>;

/** Loads a client that was generated, for an address. */
export async function loadClient(module: string, baseUrl: string, auth: string): Promise<ListEvents> {
  const { listEvents } = await import(new URL(module, "file:///").href);
  return async (after, signal) => {
    // Not with a client of its own: Deno takes an option `client` for its HTTP client.
    const { data } = await listEvents({ baseUrl, auth, signal, query: { after, limit: 1000 } });
    return data ? Page.parse(data) : null;
  };
}
