/**
 * `GET /rooms/{id}/quality`: what was measured, in columns for charts.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { readSpans } from "../db/room_spans.ts";
import { Id, Time } from "../events/event.ts";
import { madeOf } from "../events/view.ts";
import { directionOf, type Sample, samplesOf } from "../quality/sample.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { Moment, respondJson } from "./lists.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { wholeNumber } from "./query.ts";
import { assertRoom } from "./why.ts";

/** The columns, and what is in them. Null: cannot be told. */
const columns = {
  bitrate: "Bits per second",
  loss: "Packets lost, in percent",
  jitter: "Milliseconds",
  rtt: "Round trip, in milliseconds",
  buffer: "Mean wait in the jitter buffer, in milliseconds",
  concealment: "Audio that was made up, in percent",
  energy: "Energy of sound per second",
  fps: "Pictures per second",
  freeze: "Time in which the picture stood, in percent",
  cpu: "Time in which the sender lacked processor, in percent",
  bandwidth: "Time in which the sender lacked network, in percent",
  mos: "Mean opinion score, estimated",
} as const;
type Column = keyof typeof columns;
const columnNames = Object.keys(columns) as Column[];

const Values = z.array(z.number().nullable());

const Quality = z.object({
  room_id: Id,
  from: Time,
  to: Time,
  resolution: z.int().openapi({ description: "Seconds from point to point" }),
  complete: z.boolean().openapi({ description: "False: only the newest of it; ask for less" }),
  series: z.array(z.object({
    speaker: Id,
    hearer: Id,
    kind: z.enum(["audio", "video"]),
    by: z.enum(["speaker", "hearer"]).openapi({
      description: "Whose measurement: what went out, or what came in",
    }),
    sid: z.string(),
    ssrc: z.int(),
    time: z.array(Time).openapi({
      description: "Ends of the points, in order; the columns have as many values",
    }),
    ...Object.fromEntries(columnNames.map((name) => [name, Values.openapi({ description: columns[name] })])),
  })),
}).openapi("Quality");

const showQuality = contract({
  method: "get",
  path: "/rooms/{id}/quality",
  operationId: "getRoomQuality",
  summary: "What both ends measured, in columns",
  tags: ["quality"],
  access: operator("read", madeOf.quality),
  request: {
    params: z.object({ id: Id }),
    query: z.object({
      speaker: Id.optional().openapi({ description: "Only what this session sends" }),
      hearer: Id.optional().openapi({ description: "Only what this session receives" }),
      kind: z.enum(["audio", "video"]).optional(),
      from: Moment.openapi({ description: "RFC 3339; an hour before `to` where absent" }),
      to: Moment.openapi({ description: "RFC 3339; now where absent" }),
      resolution: wholeNumber("Seconds from point to point", { minimum: 10, maximum: 3600 }).prefault("10")
        .openapi({ type: "integer", default: 10 }),
    }),
  },
  responses: {
    200: { description: "A series a stream and end", content: { "application/json": { schema: Quality } } },
  },
  problems: ["room_not_found"],
});

/** Route of a room's measurements. */
export function roomQualityRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(showQuality, async (c) => {
    const { id } = c.req.valid("param");
    const { speaker, hearer, kind, resolution, ...query } = c.req.valid("query");
    const to = query.to === undefined ? Date.now() : Date.parse(query.to);
    const from = query.from === undefined ? to - 3_600_000 : Date.parse(query.from);
    if (from >= to) throw new ProblemError("invalid_request", "query.from: must be before to");
    await assertRoom(c, database, id, c.get("operator").view);
    const people = [speaker, hearer].filter((one) => one !== undefined);
    const span = { from, to };
    const { spans, complete } = await readSpans(
      database(c),
      [id],
      span,
      people.length > 0 ? people : undefined,
    );
    const samples = spans.flatMap(({ readings }) => samplesOf(readings)).filter((sample) => {
      const direction = directionOf(sample);
      return sample.end >= from && (kind === undefined || sample.kind === kind) &&
        (speaker === undefined || direction.speaker === speaker) &&
        (hearer === undefined || direction.hearer === hearer);
    });
    const streams = Map.groupBy(samples, (s) => `${s.actor_id} ${s.peer_id} ${s.way} ${s.sid} ${s.ssrc}`);
    const series = [...streams.values()].map((stream) => seriesOf(stream, resolution));
    return respondJson(
      c,
      showQuality,
      JSON.stringify({
        ...{ room_id: id, from: iso(from), to: iso(to), resolution, complete, series },
      }),
    );
  });
  return app;
}

// ---

function seriesOf(samples: readonly Sample[], resolution: number) {
  const { way, kind, sid, ssrc } = samples[0]!;
  const points = [...Map.groupBy(samples, ({ end }) => Math.floor(end / 1000 / resolution)).values()];
  const values = columnNames.map((name) => [name, points.map((point) => mean(point, name))]);
  return {
    ...directionOf(samples[0]!),
    ...{ kind, by: way === "in" ? "hearer" : "speaker", sid, ssrc },
    time: points.map((point) => iso(point.at(-1)!.end)),
    ...Object.fromEntries(values),
  };
}

function mean(samples: readonly Sample[], name: Column): number | null {
  const values = samples.flatMap((sample) => sample[name] === null ? [] : [sample[name]]);
  if (values.length === 0) return null;
  return Number((values.reduce((a, b) => a + b) / values.length).toPrecision(6));
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
