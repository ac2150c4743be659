/**
 * `GET /metrics`: what Prometheus scrapes. It names no rooms and no people, so it needs no token.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { contract, respond } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { anyone } from "./guard.ts";
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
  problems: ["not_found"],
});

/** Route of the metrics. */
export function metricsRoutes({ metrics }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(showMetrics, async (c) => {
    if (!metrics) throw new ProblemError("not_found", "this runtime keeps no metrics");
    const { text, contentType } = await metrics.render();
    return respond(c, showMetrics, "text/plain", text, { "content-type": contentType });
  });
  return app;
}
