/**
 * Clients that others' generators make of `/openapi.json`, and the programs that people write with them.
 *
 * @module
 */
import { createClient } from "@hey-api/openapi-ts";
import openapiTypescript, { astToString } from "openapi-typescript";
import type { List } from "./lists.ts";

/** A generator, and how a program pages with what it makes. */
export interface Generator {
  /** Writes the client into a folder. */
  generate(document: object, folder: string): Promise<void>;
  /** How a program begins, which has `baseUrl` and `token`. */
  readonly head: string;
  /** An expression: the request of a list's page, after the one that said `next`, where there is one. */
  request(list: List): string;
}

export const generators: Readonly<Record<string, Generator>> = {
  "openapi-typescript with openapi-fetch": {
    async generate(document, folder) {
      const schema = await openapiTypescript(document as Parameters<typeof openapiTypescript>[0]);
      await Deno.writeTextFile(`${folder}/schema.ts`, astToString(schema));
    },
    // Lists of events come as NDJSON and CSV, too; the second parameter says what is wanted.
    head: `
      import createClient from "openapi-fetch";
      import type { paths } from "./schema.ts";
      const client = createClient<paths, "application/json" | "application/problem+json">({
        baseUrl,
        headers: { authorization: \`Bearer \${token}\` },
      });`,
    request: (list) => `client.GET(${JSON.stringify(list.path)}, { params: ${parameters(list)} })`,
  },
  "@hey-api/openapi-ts": {
    async generate(document, folder) {
      await createClient({
        input: document as Record<string, unknown>,
        output: { path: `${folder}/generated`, importFileExtension: ".ts" },
        plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
        logs: { level: "silent" },
      });
    },
    head: `
      import { client } from "./generated/client.gen.ts";
      import * as api from "./generated/sdk.gen.ts";
      client.setConfig({ baseUrl, auth: token });`,
    request: (list) => `api.${list.operationId}(${parameters(list)})`,
  },
};

/** A program that pages through lists, and prints what it has seen of each as JSON, by the list's name. */
export function pagingProgram({ head, request }: Generator, lists: readonly List[], limit: number): string {
  const loops = lists.map((list) => `
    {
      const items: unknown[] = [];
      let next: ${list.cursorType} | undefined;
      let pages = 0;
      do {
        const { data, error } = await ${request({ ...list, query: { ...list.query, limit } })};
        if (error) throw new Error(\`\${error.status} \${error.code}: \${error.detail}\`);
        items.push(...data.items);
        next = data.next ?? undefined;
        pages++;
      } while (next !== undefined && pages < 1000);
      seen[${JSON.stringify(list.name)}] = { items, pages };
    }`);
  return `
    const [baseUrl = "", token = ""] = Deno.args;
    ${head}
    const seen: Record<string, { items: unknown[]; pages: number }> = {};
    ${loops.join("\n")}
    console.log(JSON.stringify(seen));
  `;
}

// ---

function parameters({ values, query, cursor }: List): string {
  const path = Object.keys(values).length > 0 ? `path: ${JSON.stringify(values)}, ` : "";
  return `{ ${path}query: { ...${literal(query)}, ${cursor}: next } }`;
}

/** An object whose words keep their own types, as written by hand. */
function literal(query: List["query"]): string {
  return `${JSON.stringify(query)} as const`;
}
