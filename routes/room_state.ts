/**
 * `GET /rooms/{id}/state`: a room as it was at a moment, folded from the log.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { readRoomState } from "../db/room_state.ts";
import { timeOf } from "../db/room_quality.ts";
import { roomExists } from "../db/rooms.ts";
import { Id, Time } from "../events/event.ts";
import { madeOf } from "../events/view.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { respondJson } from "./lists.ts";
import { momentParameters, readMoment } from "./moment.ts";
import { operator } from "./guard.ts";
import { onInvalid, ProblemError } from "./problem.ts";

const RoomState = z.object({
  room_id: Id,
  at: Time,
  open: z.boolean(),
  locked: z.boolean(),
  occupants: z.array(z.object({
    sessionid: Id,
    userid: z.string(),
    joined: Time,
    audio_paused: z.boolean(),
    video_paused: z.boolean(),
    rtt: z.boolean(),
    screens: z.array(z.string()).openapi({ description: "Ids of the screens they share" }),
  })),
  p2p: z.array(z.object({
    sid: z.string(),
    actor_id: Id,
    peer_id: Id,
    since: Time,
    media: z.array(z.string()).nullable().openapi({
      description: "What goes from actor to peer; null: it is not said",
    }),
    screen: z.string().nullable().openapi({ description: "The id of the screen that it carries" }),
  })),
}).openapi("RoomState");

const showState = contract({
  method: "get",
  path: "/rooms/{id}/state",
  operationId: "getRoomState",
  summary: "Who was there, with what muted, shared and locked, at a moment",
  tags: ["rooms"],
  access: operator("read", madeOf.roomState),
  request: {
    params: z.object({ id: Id }),
    query: z.object(momentParameters),
  },
  responses: {
    200: { description: "The room at that moment", content: { "application/json": { schema: RoomState } } },
  },
  problems: ["room_not_found"],
});

/** Route of a room's state. */
export function roomStateRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(showState, async (c) => {
    const { id } = c.req.valid("param");
    const { at, upto } = readMoment(c.req.valid("query"));
    if (!await roomExists(database(c), id, c.get("operator").view)) {
      throw new ProblemError("room_not_found", `no room has the id ${id}`);
    }
    const state = await readRoomState(database(c), id, { at, upto });
    return respondJson(
      c,
      showState,
      JSON.stringify({
        room_id: id,
        at: at ?? await timeOf(database(c), id, upto),
        open: state.open,
        locked: state.locked,
        occupants: [...state.occupants.values()].map((occupant) => ({
          ...occupant,
          screens: [...occupant.screens],
        })),
        p2p: [...state.p2p.values()],
      }),
    );
  });
  return app;
}
