/**
 * Generates a client of the REST API, as an application has it. Arguments: where the service is, the folder.
 *
 * @module
 */
import { createClient } from "@hey-api/openapi-ts";

const [url = "", folder = ""] = Deno.args;
await createClient({
  input: await (await fetch(`${url}/openapi.json`)).json(),
  output: { path: folder, importFileExtension: ".ts" },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "silent" },
});
