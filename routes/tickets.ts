/**
 * Tickets: what lets a URL in where no header can be set, once (ADR 0016).
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { makeTicket } from "../auth/api_key.ts";
import type { Grant } from "../auth/operator.ts";
import { addTicket } from "../db/api_keys.ts";
import { Time } from "../events/event.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { onInvalid } from "./problem.ts";

/** How long a ticket waits for its use, in seconds. */
const lifetime = 30;

const createTicket = contract({
  method: "post",
  path: "/tickets",
  operationId: "createTicket",
  summary: "A ticket for one URL",
  description:
    "`?ticket=` stands where headers cannot: on a WebSocket, an EventSource, a download. It lets in once, " +
    `within ${lifetime} seconds, as who asked for it; a stream that it opens lasts as long as their token.`,
  tags: ["keys"],
  access: operator("read", []),
  responses: {
    201: {
      description: "The ticket",
      content: {
        "application/json": { schema: z.object({ ticket: z.string(), expires: Time }).openapi("Ticket") },
      },
    },
  },
});

/** Route of tickets. */
export function ticketRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(createTicket, async (c) => {
    const { scope, view, expires, key } = c.get("operator");
    const { ticket, hash } = await makeTicket();
    const grant: Grant = { scope, view, expires, key };
    return c.json({ ticket, expires: await addTicket(database(c), hash, grant, lifetime) }, 201, {
      "cache-control": "no-store",
    });
  });
  return app;
}
