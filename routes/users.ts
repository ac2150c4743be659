/**
 * Sessions: who used the service, and with what.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findUsers, readUser } from "../db/users.ts";
import { Id } from "../events/event.ts";
import { madeOf } from "../events/view.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { listParameters, readCursor, respondJson, respondPage, timedPageOf, writeCursor } from "./lists.ts";
import { operator } from "./guard.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { User } from "./resources.ts";

const listUsers = contract({
  method: "get",
  path: "/users",
  operationId: "listUsers",
  summary: "Sessions, newest first",
  tags: ["users"],
  access: operator("read", madeOf.stays),
  request: {
    query: z.object({
      ...listParameters,
      userid: z.string().optional().openapi({ description: "Only sessions of this user, a bare JID" }),
      type: z.enum(["browser", "mobile"]).optional(),
    }),
  },
  responses: {
    200: {
      description: "A page of sessions",
      content: { "application/json": { schema: timedPageOf(User) } },
    },
  },
});

const showUser = contract({
  method: "get",
  path: "/users/{sessionid}",
  operationId: "getUser",
  summary: "A session",
  tags: ["users"],
  access: operator("read", madeOf.stays),
  request: { params: z.object({ sessionid: Id }) },
  responses: {
    200: { description: "The session", content: { "application/json": { schema: User } } },
  },
  problems: ["user_not_found"],
});

/** Routes of sessions. */
export function userRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(listUsers, (c) => {
    const { limit, cursor, ...query } = c.req.valid("query");
    const { view } = c.get("operator");
    const [sql, before] = [database(c), readCursor(cursor)];
    return respondPage(c, listUsers, {
      sql,
      rows: findUsers(sql, { ...query, view, before, limit: limit + 1 }),
      limit,
      cursorOf: writeCursor,
    });
  });
  app.openapi(showUser, async (c) => {
    const { sessionid } = c.req.valid("param");
    const json = await readUser(database(c), sessionid, c.get("operator").view);
    if (json === null) throw new ProblemError("user_not_found", `no session has the id ${sessionid}`);
    return respondJson(c, showUser, json);
  });
  return app;
}
