/**
 * `GET /rooms/{id}/why` and `/matrix`: why could X not hear Y, and who heard whom, at a moment.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { readKnown } from "../db/room_quality.ts";
import { roomExists } from "../db/rooms.ts";
import { Id, Time } from "../events/event.ts";
import { madeOf, type View } from "../events/view.ts";
import { matrixAt } from "../quality/matrix.ts";
import { defaultThresholds } from "../quality/thresholds.ts";
import type { Timeline } from "../quality/timeline.ts";
import { questions, verdictCodes, verdicts } from "../quality/verdict.ts";
import { why } from "../quality/why.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { respondJson } from "./lists.ts";
import { momentParameters, readMoment } from "./moment.ts";
import { onInvalid, ProblemError } from "./problem.ts";

/** Something that can be heard or seen of somebody. */
export const Media = z.enum(["audio", "video", "screen"]);

/** Somebody in a room. */
export const Person = z.object({
  sessionid: Id,
  userid: z.string().nullable().openapi({ description: "Null: was never in the room" }),
}).openapi("Person");

const Severity = z.int().min(0).max(2).openapi({
  description: "0 nothing wrong, 1 a nuisance, 2 reason enough not to hear or see",
});
const EventIds = z.array(z.int()).openapi({ description: "Ids of the events that show it" });
const Verdict = z.enum(verdictCodes).openapi({
  description: Object.entries(verdicts).map(([code, sentence]) => `\`${code}\`: ${sentence}`).join(" "),
});
const Count = z.object({ of: z.int(), well: z.int(), unknown: z.int() });

const WhyAnswer = z.object({
  room_id: Id,
  at: Time,
  media: Media,
  speaker: Person,
  hearer: Person,
  verdict: Verdict,
  severity: Severity,
  sentence: z.string(),
  steps: z.array(z.object({
    step: z.int(),
    question: z.enum(questions),
    answer: z.enum(["yes", "partly", "no", "unknown"]),
    by: z.enum(["server", "speaker", "hearer"]).nullable().openapi({ description: "Whose word it is" }),
    code: Verdict.nullable(),
    severity: Severity,
    values: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
    events: EventIds,
  })).openapi({ description: "Seven questions in order; the verdict is the first that is not well" }),
  contrast: z.object({ heard_speaker: Count, heard_by_hearer: Count }).openapi({
    description: "How many others had the speaker at that time, and how many others the hearer had",
  }),
}).openapi("Why");

const MatrixAnswer = z.object({
  room_id: Id,
  at: Time,
  media: Media,
  people: z.array(Person),
  cells: z.array(z.object({
    speaker: Id,
    hearer: Id,
    verdict: Verdict,
    severity: Severity,
    session: z.boolean().openapi({
      description: "Whether there is an open session; without one the edge is missing",
    }),
    events: EventIds,
  })),
  shape: z.object({
    kind: z.enum(["clean", "row", "column", "cell", "everything", "scattered"]),
    person: Id.nullable(),
  }).openapi({
    description:
      "Where it is bad: a row is that speaker's device or uplink, a column that hearer, a cell that path",
  }),
}).openapi("Matrix");

/** (Made anew, for only schemas made after zod-openapi was loaded can be described.) */
const sessionId = (description: string) =>
  z.string().pipe(Id).openapi({ type: "string", format: "uuid", description });

const showWhy = contract({
  method: "get",
  path: "/rooms/{id}/why",
  operationId: "getWhy",
  summary: "Why could this person not hear, or see, that one, at a moment",
  tags: ["quality"],
  access: operator("read", madeOf.quality),
  request: {
    params: z.object({ id: Id }),
    query: z.object({
      speaker: sessionId("Session that should have been heard or seen"),
      hearer: sessionId("Session that should have heard or seen"),
      media: Media.default("audio"),
      ...momentParameters,
    }),
  },
  responses: {
    200: { description: "The answer, with evidence", content: { "application/json": { schema: WhyAnswer } } },
  },
  problems: ["room_not_found"],
});

const showMatrix = contract({
  method: "get",
  path: "/rooms/{id}/matrix",
  operationId: "getMatrix",
  summary: "Who heard, or saw, whom at a moment",
  tags: ["quality"],
  access: operator("read", madeOf.quality),
  request: {
    params: z.object({ id: Id }),
    query: z.object({ media: Media.default("audio"), ...momentParameters }),
  },
  responses: {
    200: { description: "Every direction", content: { "application/json": { schema: MatrixAnswer } } },
  },
  problems: ["room_not_found"],
});

/** Routes of the questions about a moment. */
export function whyRoutes({ database, thresholds = defaultThresholds }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(showWhy, async (c) => {
    const { id } = c.req.valid("param");
    const { speaker, hearer, media, ...rest } = c.req.valid("query");
    if (speaker === hearer) {
      throw new ProblemError("invalid_request", "query.hearer: takes another session than speaker");
    }
    const wanted = readMoment(rest);
    await assertRoom(c, database, id, c.get("operator").view);
    const people = [speaker, hearer];
    const { known, moment } = await readKnown(database(c), id, wanted, { people, thresholds });
    const answer = why(known, { speaker, hearer, media }, moment);
    return respondJson(
      c,
      showWhy,
      JSON.stringify({
        ...{ room_id: id, at: new Date(moment).toISOString(), media },
        speaker: personOf(known.timeline, speaker),
        hearer: personOf(known.timeline, hearer),
        ...answer,
      }),
    );
  });
  app.openapi(showMatrix, async (c) => {
    const { id } = c.req.valid("param");
    const { media, ...rest } = c.req.valid("query");
    const wanted = readMoment(rest);
    await assertRoom(c, database, id, c.get("operator").view);
    const { known, moment } = await readKnown(database(c), id, wanted, { thresholds });
    const { people, ...matrix } = matrixAt(known, media, moment);
    return respondJson(
      c,
      showMatrix,
      JSON.stringify({
        ...{ room_id: id, at: new Date(moment).toISOString(), media },
        people: people.map((sessionid) => personOf(known.timeline, sessionid)),
        ...matrix,
      }),
    );
  });
  return app;
}

/** Throws a problem where a view shows no such room. */
export async function assertRoom(
  c: Context,
  database: Dependencies["database"],
  id: string,
  view: View,
): Promise<void> {
  if (await roomExists(database(c), id, view)) return;
  throw new ProblemError("room_not_found", `no room has the id ${id}`);
}

/** Who a session of a room is. */
export function personOf({ stays }: Timeline, sessionid: string): z.infer<typeof Person> {
  return { sessionid, userid: stays.findLast((stay) => stay.sessionid === sessionid)?.userid ?? null };
}
