/**
 * `GET /demo`: a call in the browser, with the events of its room as they arrive. `web/demo/` is the page;
 * here it is served as it was bundled.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { setCookie } from "hono/cookie";
import { signOperatorToken } from "../auth/operator.ts";
import { demoPolicy } from "./content_security.ts";
import type { Dependencies } from "./dependencies.ts";
import { prefixOf } from "./prefix.ts";
import { ProblemError } from "./problem.ts";

/** Seconds that the page may read the stream for; it comes back for more. */
const tokenLifetime = 60 * 60;

/** Files of the page, and their media types. */
const files = new Map([["demo.css", "text/css"], ["demo.js", "text/javascript"]]);

/** Routes of the demo call; none where it is off. */
export function demoRoutes({ demo, keys, publicUrl, xmpp }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  if (!demo) return app;
  const prefix = prefixOf(publicUrl);

  app.get("/demo", async (c) => {
    const page = await demo("index.html");
    if (!page) throw new ProblemError("not_found", "the demo call is not built: run `deno task demo:build`");
    // For the stream alone: a console's own cookie stays what it is.
    setCookie(c, "talky_token", await signOperatorToken(keys, "read", tokenLifetime), {
      path: `${prefix}/stream`,
      httpOnly: true,
      sameSite: "Strict",
      secure: publicUrl.startsWith("https:"),
      maxAge: tokenLifetime,
    });
    // Everything on the page is found from its base.
    const text = new TextDecoder().decode(page).replace(
      '<base href="/demo/">',
      `<base href="${prefix}/demo/">`,
    );
    return c.body(text, 200, {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": demoPolicy(publicUrl, xmpp.publicUrl),
    });
  });

  app.get("/demo/:file", async (c) => {
    const file = c.req.param("file");
    const type = files.get(file);
    const bytes = type && await demo(file);
    if (!type || !bytes) throw new ProblemError("not_found", `there is no file ${file}`);
    return c.body(bytes, 200, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" });
  });
  return app;
}
