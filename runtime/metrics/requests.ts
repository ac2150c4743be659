/**
 * Requests, and limits that somebody has met.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Counter, Histogram, type Registry } from "prom-client";
import { type Budget, budgets, type Place, places } from "../../routes/limits.ts";

/** What is counted of requests. */
export interface RequestMetrics {
  /** Counts and times requests, by route, method and status. */
  readonly middleware: MiddlewareHandler;
  /** Counts a refusal for having taken too much. */
  countLimit(limit: Budget | Place): void;
}

/** Makes them. */
export function requestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const requests = new Histogram({
    name: "talky_http_request_duration_seconds",
    help: "Time to an answer, by route, method and status. The stream counts when it is accepted",
    labelNames: ["route", "method", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const limitsMet = new Counter({
    name: "talky_limits_met_total",
    help: "Requests and connections refused because somebody has taken too much, by limit",
    labelNames: ["limit"],
    registers,
  });
  for (const limit of [...budgets, ...places]) limitsMet.inc({ limit }, 0);
  return {
    middleware: async (c, next) => {
      const end = requests.startTimer();
      await next();
      // A client may make up methods, but not our labels.
      const method = methods.has(c.req.method) ? c.req.method : "other";
      end({ route: routePath(c, -1), method, status: c.res.status });
    },
    countLimit: (limit) => limitsMet.inc({ limit }),
  };
}

/** The methods that are told apart. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
