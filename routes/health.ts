/**
 * Whether the process lives, and whether the service can do its work.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { anyone, operator } from "./guard.ts";
import { ProblemError } from "./problem.ts";
import { version } from "./version.ts";

const Readiness = z.object({
  status: z.enum(["ready", "unready"]),
  checks: z.record(z.string(), z.looseObject({ ok: z.boolean() })).openapi({
    description: [
      "By part. database: `head`, the newest event, `generation`, which log it is (another one after a restore),",
      "and `streamed`, the newest event that the stream has.",
      "prosody: `active`, whether this instance is the one it feeds; `lag`, records of its outbox that are not stored;",
      "`bytes` of `limit`, what the outbox's files take, acknowledged records included until their file is full;",
      "`answered_in_ms`, how long Prosody took to answer last; `held`, records that its disk refuses; `lost`, records that damage on it has cost; `degraded`, what of",
      "this somebody should look after.",
      "webhooks: how many in each state; `oldest`, seconds since the oldest event that an active one has not been told",
      "of; never a reason to be unready",
    ].join(" "),
  }),
}).openapi("Readiness");

const healthz = contract({
  method: "get",
  path: "/healthz",
  operationId: "getHealth",
  summary: "The process answers",
  tags: ["health"],
  access: anyone,
  responses: {
    200: {
      description: "It does",
      content: { "application/json": { schema: z.object({ status: z.literal("ok"), version: z.string() }) } },
    },
  },
});

const readyz = contract({
  method: "get",
  path: "/readyz",
  operationId: "getReadiness",
  summary: "Database, Prosody and lag",
  tags: ["health"],
  access: anyone,
  responses: {
    200: { description: "Everything works", content: { "application/json": { schema: Readiness } } },
    503: {
      description: "Something does not: see `checks`",
      content: { "application/json": { schema: Readiness } },
    },
  },
});

/** Routes of health. */
export function healthRoutes({ checks, healthDetails }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(healthz, (c) => c.json({ status: "ok" as const, version }, 200));
  app.openapi(readyz, async (c) => {
    const results = await checks();
    const ready = Object.values(results).every(({ ok }) => ok);
    c.header("cache-control", "no-store");
    const told = healthDetails !== "operators" || await isReader(c);
    const shown = told
      ? results
      : Object.fromEntries(Object.entries(results).map(([part, { ok }]) => [part, { ok }]));
    return c.json(
      { status: ready ? "ready" as const : "unready" as const, checks: shown },
      ready ? 200 : 503,
    );
  });
  return app;
}

// ---

const readers = operator("read");

/** Whether a request comes from an operator who may read the whole service. */
async function isReader(c: Context): Promise<boolean> {
  try {
    await readers.guard(c, () => Promise.resolve());
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}
