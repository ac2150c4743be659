/**
 * Issues, of a room and across rooms, and incidents.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findLosses, readSpans, type RoomSpan, roomsWithin } from "../db/room_spans.ts";
import { Id, Time } from "../events/event.ts";
import { madeOf } from "../events/view.ts";
import { findIncidents } from "../quality/incident.ts";
import { type Issue, issueKindNames, issueKinds } from "../quality/issue.ts";
import { findIssues } from "../quality/issues.ts";
import { defaultThresholds, type Thresholds } from "../quality/thresholds.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { Flag, Moment, respondJson } from "./lists.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { several, wholeNumber } from "./query.ts";
import { assertRoom, Media } from "./why.ts";

const IssueKind = z.enum(issueKindNames);

const IssueAnswer = z.object({
  room_id: Id,
  kind: IssueKind.openapi({
    description: Object.entries(issueKinds).map(([kind, meaning]) => `\`${kind}\`: ${meaning}`).join(". "),
  }),
  severity: z.enum(["information", "warn", "bad"]),
  // Who sends; of what is not between two, who it is about.
  speaker: Id,
  hearer: Id.nullable(),
  media: Media.nullable(),
  begin: Time,
  end: Time.nullable().openapi({ description: "Null: it goes on" }),
  worst: z.number().nullable().openapi({
    description: "In percent, milliseconds, seconds or times, by kind",
  }),
  by: z.enum(["server", "speaker", "hearer"]).openapi({ description: "Whose word it is" }),
  events: z.array(z.int()).openapi({ description: "Ids of events that show it" }),
}).openapi("Issue");

const Issues = z.object({
  from: Time,
  to: Time,
  items: z.array(IssueAnswer),
  complete: z.boolean().openapi({
    description: "False: there are more rooms, measurements or issues in this time; ask for less of it",
  }),
}).openapi("Issues");

const IncidentAnswer = z.object({
  kind: z.enum(["server_restarted", "many_disconnected", "one_disconnected_often"]),
  whose: z.enum(["ours", "theirs"]),
  begin: Time,
  end: Time,
  rooms: z.array(Id),
  people: z.array(z.string()).openapi({ description: "User ids" }),
  losses: z.int(),
  events: z.array(z.int()),
}).openapi("Incident");

const narrowing = {
  from: Moment.openapi({ description: "RFC 3339; an hour before `to` where absent" }),
  to: Moment.openapi({ description: "RFC 3339; now where absent" }),
  kind: several(IssueKind, "Only these kinds; repeatable, or with commas"),
  person: Id.optional().openapi({ description: "Only what this session sends or receives" }),
  active: Flag.openapi({ description: "Only what goes on (true) or is over (false)" }),
  limit: wholeNumber("Most items", { minimum: 1, maximum: 1000 }).prefault("100")
    .openapi({ type: "integer", default: 100 }),
};

const listRoomIssues = contract({
  method: "get",
  path: "/rooms/{id}/issues",
  operationId: "listRoomIssues",
  summary: "What was wrong in a room, in order of beginning",
  tags: ["quality"],
  access: operator("read", madeOf.quality),
  request: { params: z.object({ id: Id }), query: z.object(narrowing) },
  responses: { 200: { description: "The issues", content: { "application/json": { schema: Issues } } } },
  problems: ["room_not_found"],
});

const listIssues = contract({
  method: "get",
  path: "/issues",
  operationId: "listIssues",
  summary: "What is wrong across rooms: what goes on first, then the newest",
  tags: ["quality"],
  access: operator("read", madeOf.quality),
  request: { query: z.object(narrowing) },
  responses: { 200: { description: "The issues", content: { "application/json": { schema: Issues } } } },
});

const listIncidents = contract({
  method: "get",
  path: "/incidents",
  operationId: "listIncidents",
  summary: "Many who were gone at once: ours, or theirs",
  tags: ["quality"],
  access: operator("read", madeOf.stays),
  request: { query: z.object({ from: narrowing.from, to: narrowing.to }) },
  responses: {
    200: {
      description: "The incidents, by beginning",
      content: {
        "application/json": {
          schema: z.object({ from: Time, to: Time, items: z.array(IncidentAnswer), complete: z.boolean() })
            .openapi("Incidents"),
        },
      },
    },
  },
});

/** Routes of issues and incidents. */
export function issueRoutes({ database, thresholds = defaultThresholds }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(listRoomIssues, async (c) => {
    const { id } = c.req.valid("param");
    const query = c.req.valid("query");
    const span = spanOf(query);
    await assertRoom(c, database, id, c.get("operator").view);
    const { spans, complete } = await readSpans(database(c), [id], span);
    const items = spans.flatMap((room) => issuesOf(room, span, thresholds)).filter(wanted(query));
    return respondJson(c, listRoomIssues, pageOf(span, items, query.limit, complete));
  });
  app.openapi(listIssues, async (c) => {
    const query = c.req.valid("query");
    const span = spanOf(query);
    const rooms = await roomsWithin(database(c), span, c.get("operator").view);
    const { spans, complete } = await readSpans(database(c), rooms.ids, span);
    const items = spans.flatMap((room) => issuesOf(room, span, thresholds)).filter(wanted(query))
      .sort((a, b) => Number(b.end === null) - Number(a.end === null) || b.begin - a.begin);
    return respondJson(c, listIssues, pageOf(span, items, query.limit, complete && rooms.complete));
  });
  app.openapi(listIncidents, async (c) => {
    const span = spanOf(c.req.valid("query"));
    const { losses, complete } = await findLosses(database(c), span, c.get("operator").view);
    const items = findIncidents(losses).map(written);
    return respondJson(c, listIncidents, JSON.stringify({ ...iso(span), items, complete }));
  });
  return app;
}

// ---

interface Span {
  readonly from: number;
  readonly to: number;
}

type RoomIssue = Issue & { readonly room_id: string };

function spanOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Span {
  const end = to === undefined ? Date.now() : Date.parse(to);
  const begin = from === undefined ? end - 3_600_000 : Date.parse(from);
  if (begin >= end) throw new ProblemError("invalid_request", "query.from: must be before to");
  return { from: begin, to: end };
}

/** The issues of a room that touch a span of time. */
function issuesOf(
  { room, timeline, readings }: RoomSpan,
  { from, to }: Span,
  thresholds: Thresholds,
): RoomIssue[] {
  return findIssues(timeline, readings, to, thresholds)
    .filter(({ begin, end }) => begin < to && (end === null || end >= from))
    .map((issue) => ({ ...issue, room_id: room }));
}

function wanted(query: {
  readonly kind?: readonly string[] | undefined;
  readonly person?: string | undefined;
  readonly active?: boolean | undefined;
}): (issue: RoomIssue) => boolean {
  const { kind, person, active } = query;
  return (issue) =>
    (!kind || kind.includes(issue.kind)) &&
    (person === undefined || issue.speaker === person || issue.hearer === person) &&
    (active === undefined || active === (issue.end === null));
}

function pageOf(span: Span, issues: readonly RoomIssue[], limit: number, complete: boolean): string {
  const items = issues.slice(0, limit).map(written);
  return JSON.stringify({ ...iso(span), items, complete: complete && issues.length <= limit });
}

function written<T extends { readonly begin: number; readonly end: number | null }>(one: T) {
  const { begin, end } = one;
  return {
    ...one,
    begin: new Date(begin).toISOString(),
    end: end === null ? null : new Date(end).toISOString(),
  };
}

function iso({ from, to }: Span): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
