/**
 * `GET /metrics`: what Prometheus scrapes. It names no rooms and no people, so it needs no token, unless a setting
 * says so (`TALKY_HEALTH_DETAILS`).
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { contract, respond } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { anyone, operator } from "./guard.ts";
import { ProblemError } from "./problem.ts";

const showMetrics = contract({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  summary: "For Prometheus",
  tags: ["health"],
  access: anyone,
  responses: {
    200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
  },
  problems: ["not_found", "unauthorized", "forbidden"],
});

/** Route of the metrics. */
export function metricsRoutes({ metrics, healthDetails }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(showMetrics, async (c) => {
    if (healthDetails === "operators") await readers.guard(c, () => Promise.resolve());
    if (!metrics) throw new ProblemError("not_found", "this runtime keeps no metrics");
    const { text, contentType } = await metrics.render();
    return respond(c, showMetrics, "text/plain", text, { "content-type": contentType });
  });
  return app;
}

// ---

const readers = operator("read");
