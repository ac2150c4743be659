/**
 * Holds: events that are kept beyond their retention (ADR 0021).
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findHolds, removeHold, setHold } from "../db/holds.ts";
import { Time } from "../events/event.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { Cursor, Limit, readCursor, respondPage, timedPageOf, writeCursor } from "./lists.ts";
import { onInvalid, ProblemError } from "./problem.ts";

const Name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/).openapi({
  description: "Lower-case letters, digits, `.`, `_` and `-`; 64 at most",
  example: "case-2031",
});

const Hold = z.object({
  name: Name,
  after: z.int().openapi({ description: "Events after this id are kept" }),
  reason: z.string(),
  created: Time,
}).openapi("Hold");

const params = z.object({ name: Name });

const list = contract({
  method: "get",
  path: "/holds",
  operationId: "listHolds",
  summary: "What keeps events beyond their retention, newest first",
  tags: ["retention"],
  access: operator("manage"),
  request: { query: z.object({ limit: Limit, cursor: Cursor }) },
  responses: {
    200: { description: "A page of holds", content: { "application/json": { schema: timedPageOf(Hold) } } },
  },
});

const set = contract({
  method: "put",
  path: "/holds/{name}",
  operationId: "setHold",
  summary: "Keeps events until the hold is removed",
  description: "One of the same name is moved. What is gone already cannot be kept: 410.",
  tags: ["retention"],
  access: operator("manage"),
  request: {
    params,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            after: z.int().min(0).optional().openapi({
              description: "Keeps the events after this id; absent: all that there are",
            }),
            reason: z.string().trim().min(1).max(500),
          }),
        },
      },
    },
  },
  responses: { 200: { description: "The hold", content: { "application/json": { schema: Hold } } } },
  problems: ["cursor_gone", "too_many_holds"],
});

const remove = contract({
  method: "delete",
  path: "/holds/{name}",
  operationId: "removeHold",
  summary: "Lets retention go on",
  tags: ["retention"],
  access: operator("manage"),
  request: { params },
  responses: { 204: { description: "It is removed" } },
  problems: ["hold_not_found"],
});

/** Routes of holds. */
export function holdRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  app.openapi(list, (c) => {
    const { limit, cursor } = c.req.valid("query");
    const sql = database(c);
    const rows = findHolds(sql, { before: readCursor(cursor, Name), limit: limit + 1 });
    return respondPage(c, list, { sql, rows, limit, cursorOf: writeCursor });
  });
  app.openapi(set, async (c) => {
    const { name } = c.req.valid("param");
    const { after, reason } = c.req.valid("json");
    const json = await setHold(database(c), { name, after, reason }, mostHolds);
    if (json === null) {
      throw new ProblemError("too_many_holds", `there are ${mostHolds} already: remove one first`);
    }
    if (typeof json !== "string") {
      throw new ProblemError("cursor_gone", `json.after: the earliest kept event is ${json.gone}`);
    }
    return c.json(Hold.parse(JSON.parse(json)), 200);
  });
  app.openapi(remove, async (c) => {
    const { name } = c.req.valid("param");
    if (await removeHold(database(c), name)) return c.body(null, 204);
    throw new ProblemError("hold_not_found", `no hold has the name ${name}`);
  });
  return app;
}

// ---

const mostHolds = 100;
