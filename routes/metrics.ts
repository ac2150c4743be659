/**
 * `GET /metrics`: what Prometheus scrapes. It names no rooms and no people, so it needs no token.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Dependencies } from "./dependencies.ts";
import { ProblemError } from "./problem.ts";

/** Route of the metrics. */
export function metricsRoutes({ metrics }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.get("/metrics", async (c) => {
    if (!metrics) throw new ProblemError("not_found", "this runtime keeps no metrics");
    const { text, contentType } = await metrics.render();
    return c.body(text, 200, { "content-type": contentType });
  });
  return app;
}
