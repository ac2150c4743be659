/**
 * `GET /search`: rooms and sessions by what somebody has at hand.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { search } from "../db/search.ts";
import { madeOf } from "../events/view.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { Moment, respondJson } from "./lists.ts";
import { onInvalid } from "./problem.ts";
import { wholeNumber } from "./query.ts";
import { Room, User } from "./resources.ts";

const Found = z.object({ rooms: z.array(Room), users: z.array(User) }).openapi("Found");

const find = contract({
  method: "get",
  path: "/search",
  operationId: "search",
  summary: "Rooms and sessions by name, user or id",
  description:
    "An id, and a whole user id, is found however old; parts of them, and of names, among the newest.",
  tags: ["rooms", "users"],
  access: operator("read", [...madeOf.rooms, ...madeOf.stays]),
  request: {
    query: z.object({
      q: z.string().trim().min(1).max(255).openapi({
        description: "A name, a user id, an id or its beginning",
      }),
      at: Moment.openapi({ description: "RFC 3339: only what was there at this time" }),
      limit: wholeNumber("Most of each", { minimum: 1, maximum: 100 }).prefault("20")
        .openapi({ type: "integer", default: 20 }),
    }),
  },
  responses: {
    200: { description: "What was found, newest first", content: { "application/json": { schema: Found } } },
  },
});

/** Route of the search. */
export function searchRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  app.openapi(find, async (c) => {
    const { q, at, limit } = c.req.valid("query");
    const { rooms, users } = await search(database(c), { view: c.get("operator").view, text: q, at, limit });
    return respondJson(c, find, `{"rooms":[${rooms.join(",")}],"users":[${users.join(",")}]}`);
  });
  return app;
}
