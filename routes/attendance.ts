/**
 * `GET /rooms/{id}/attendance`: who was in a room, from when to when, and why they left. As JSON or CSV.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { readTimeline } from "../db/room_quality.ts";
import { Id, Time } from "../events/event.ts";
import { madeOf } from "../events/view.ts";
import { negotiate } from "./accept.ts";
import { contract, respond } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { respondJson } from "./lists.ts";
import { onInvalid } from "./problem.ts";
import { assertRoom } from "./why.ts";

const Stay = z.object({
  sessionid: Id,
  userid: z.string(),
  joined: Time,
  left: Time.nullable(),
  seconds: z.number().nullable().openapi({ description: "Null while it goes on" }),
  cause: z.string().nullable().openapi({ description: "`left`, `disconnected` …, as in `occupant_left`" }),
  reconciled: z.boolean().openapi({ description: "Its end was concluded after a crash" }),
  events: z.array(z.int()).openapi({ description: "Ids of the events that began and ended it" }),
});

const Attendance = z.object({ room_id: Id, stays: z.array(Stay) }).openapi("Attendance");

const showAttendance = contract({
  method: "get",
  path: "/rooms/{id}/attendance",
  operationId: "getAttendance",
  summary: "Who was in a room when, and why they left",
  tags: ["quality"],
  access: operator("read", madeOf.roomState),
  request: { params: z.object({ id: Id }) },
  responses: {
    200: {
      description: "Every stay, in order of joining",
      content: {
        "application/json": { schema: Attendance },
        "text/csv": { schema: z.string().openapi({ description: "The same as CSV, with a header" }) },
      },
    },
  },
  problems: ["room_not_found"],
});

/** Route of attendance. */
export function attendanceRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(showAttendance, async (c) => {
    const { id } = c.req.valid("param");
    await assertRoom(c, database, id, c.get("operator").view);
    const timeline = await readTimeline(database(c), id);
    const stays = timeline.stays.map((
      { sessionid, userid, begin, end, cause, reconciled, began, ended },
    ) => ({
      ...{ sessionid, userid, joined: iso(begin), left: end === null ? null : iso(end) },
      seconds: end === null ? null : (end - begin) / 1000,
      ...{ cause, reconciled, events: [began, ...ended === null ? [] : [ended]] },
    }));
    if (negotiate(c.req.header("accept"), ["application/json", "text/csv"]) === "application/json") {
      return await respondJson(c, showAttendance, JSON.stringify({ room_id: id, stays }));
    }
    const lines = stays.map((stay) => columns.map((name) => field(stay[name])).join(","));
    return respond(c, showAttendance, "text/csv", [columns.join(","), ...lines, ""].join("\r\n"), {
      "content-type": "text/csv; charset=utf-8",
      "cache-control": "private, no-store",
      "vary": "Accept, Authorization",
    });
  });
  return app;
}

// ---

const columns = ["sessionid", "userid", "joined", "left", "seconds", "cause", "reconciled"] as const;

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** A field of CSV (RFC 4180), which no spreadsheet takes for a formula. */
function field(value: string | number | boolean | null): string {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
