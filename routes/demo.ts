/**
 * `GET /demo`: a call in the browser, with the events of its room as they arrive. `web/demo/` is the page;
 * here it is served as it was bundled.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { setCookie } from "hono/cookie";
import { signOperatorToken } from "../auth/operator.ts";
import { isPresent } from "../db/presence.ts";
import { Id } from "../events/event.ts";
import { cookieName } from "./token.ts";
import { demoPolicy } from "./content_security.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { session } from "./guard.ts";
import { prefixOf } from "./prefix.ts";
import { onInvalid, ProblemError } from "./problem.ts";

/** Seconds that the page may read its room's events for; it comes back for more while its user is there. */
const tokenLifetime = 10 * 60;

/** Files of the page, and their media types. */
const files = new Map([["demo.css", "text/css"], ["demo.js", "text/javascript"]]);

const readRoom = contract({
  method: "post",
  path: "/demo/events",
  operationId: "readDemoRoom",
  summary: "A cookie to read the events of the room that one is in, for some minutes",
  tags: ["client"],
  access: session,
  request: {
    body: { required: true, content: { "application/json": { schema: z.object({ room_id: Id }) } } },
  },
  responses: { 204: { description: "The cookie, good at /stream, for this room" } },
  problems: ["room_not_found"],
});

/** Routes of the demo call; none where it is off. */
export function demoRoutes({ demo, keys, database, publicUrl, xmpp }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  if (!demo) return app;
  const prefix = prefixOf(publicUrl);

  app.openapi(readRoom, async (c) => {
    const { room_id } = c.req.valid("json");
    if (!await isPresent(database(c), c.get("session").sessionid, room_id)) {
      throw new ProblemError("room_not_found", `the session is not in a room with the id ${room_id}`);
    }
    // For the stream alone, and this room: a console's own cookie stays what it is.
    const token = await signOperatorToken(keys, "read", tokenLifetime, { view: { rooms: [room_id] } });
    setCookie(c, cookieName, token, {
      path: `${prefix}/stream`,
      httpOnly: true,
      sameSite: "Strict",
      secure: publicUrl.startsWith("https:"),
      maxAge: tokenLifetime,
    });
    return c.body(null, 204);
  });

  app.get("/demo", async (c) => {
    const page = await demo("index.html");
    if (!page) throw new ProblemError("not_found", "the demo call is not built: run `deno task demo:build`");
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
