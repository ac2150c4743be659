/**
 * `GET /docs`: the API's description to read and try, with Swagger UI served from here.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { html } from "hono/html";
import { docsPolicy } from "./content_security.ts";
import type { Dependencies } from "./dependencies.ts";
import { prefixOf } from "./prefix.ts";
import { ProblemError } from "./problem.ts";

/** Files of Swagger UI that the page uses, and their media types. */
const files: Record<string, string> = {
  "swagger-ui.css": "text/css",
  "swagger-ui-bundle.js": "text/javascript",
};

/** Routes of the documentation. */
export function docsRoutes({ asset, publicUrl }: Dependencies): OpenAPIHono {
  const prefix = prefixOf(publicUrl);
  const description = `${prefix}/openapi.json`;
  // Not in the page, where the policy has no place for scripts.
  const start = `SwaggerUIBundle({ url: ${
    JSON.stringify(description)
  }, dom_id: "#ui", deepLinking: true });\n`;
  const app = new OpenAPIHono();

  app.get("/docs", (c) => {
    c.header("content-security-policy", docsPolicy);
    return c.html(html`
      <!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>Talky Core API: documentation</title>
          <link rel="stylesheet" href="${prefix}/docs/swagger-ui.css">
        </head>
        <body>
          <main id="ui">
            The description of this API, for programs and people: <a href="${description}">${description}</a>.
            The page to try it with is not served here.
          </main>
          <script src="${prefix}/docs/swagger-ui-bundle.js"></script>
          <script src="${prefix}/docs/start.js"></script>
        </body>
      </html>
    `);
  });

  app.get("/docs/start.js", (c) => c.body(start, 200, { "content-type": "text/javascript" }));

  app.get("/docs/:file", async (c) => {
    const file = c.req.param("file");
    const type = files[file];
    const bytes = type && await asset(`swagger-ui-dist/${file}`);
    if (!type || !bytes) throw new ProblemError("not_found", `there is no file ${file}`);
    return c.body(bytes, 200, { "content-type": type, "cache-control": "public, max-age=86400" });
  });
  return app;
}
