/**
 * `GET /metrics`: what Prometheus scrapes. It names no rooms and no people, so it needs no token.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Dependencies } from "./dependencies.ts";
import { ProblemError, problemResponses } from "./problem.ts";

const showMetrics = createRoute({
  method: "get",
  path: "/metrics",
  summary: "For Prometheus",
  tags: ["health"],
  responses: {
    200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
    ...problemResponses("not_found"),
  },
});

/** Route of the metrics. */
export function metricsRoutes({ metrics }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(showMetrics, async (c) => {
    if (!metrics) throw new ProblemError("not_found", "this runtime keeps no metrics");
    const { text, contentType } = await metrics.render();
    return c.body(text, 200, { "content-type": contentType }) as never;
  });
  return app;
}
