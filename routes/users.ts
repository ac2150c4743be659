/**
 * Sessions: who used the service, and with what.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { findUsers, readUser } from "../db/users.ts";
import { Id } from "../events/event.ts";
import type { Dependencies } from "./dependencies.ts";
import { answerJson, answerPage, listParameters, pageOf, readCursor, writeCursor } from "./lists.ts";
import { operatorSecurity, requireScope } from "./operator.ts";
import { onInvalid, ProblemError, problemResponses } from "./problem.ts";
import { User } from "./resources.ts";

const listUsers = createRoute({
  method: "get",
  path: "/users",
  summary: "Sessions, newest first",
  tags: ["users"],
  security: operatorSecurity,
  request: {
    query: z.strictObject({
      ...listParameters,
      userid: z.string().optional().openapi({ description: "Only sessions of this user, a bare JID" }),
      type: z.enum(["browser", "mobile"]).optional(),
    }),
  },
  responses: {
    200: { description: "A page of sessions", content: { "application/json": { schema: pageOf(User) } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden"),
  },
});

const showUser = createRoute({
  method: "get",
  path: "/users/{sessionid}",
  summary: "A session",
  tags: ["users"],
  security: operatorSecurity,
  request: { params: z.object({ sessionid: Id }) },
  responses: {
    200: { description: "The session", content: { "application/json": { schema: User } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden", "user_not_found"),
  },
});

/** Routes of sessions. */
export function userRoutes({ database, keys }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  for (const path of ["/users", "/users/:sessionid"]) app.get(path, requireScope(keys, "read"));

  app.openapi(listUsers, async (c) => {
    const { limit, cursor, ...query } = c.req.valid("query");
    const rows = await findUsers(database(c), { ...query, before: readCursor(cursor), limit: limit + 1 });
    return answerPage(c, rows, limit, writeCursor);
  });
  app.openapi(showUser, async (c) => {
    const { sessionid } = c.req.valid("param");
    const json = await readUser(database(c), sessionid);
    if (json === null) throw new ProblemError("user_not_found", `no session has the id ${sessionid}`);
    return answerJson(c, json);
  });
  return app;
}
