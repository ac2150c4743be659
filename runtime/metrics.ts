/**
 * What Prometheus reads of the service. Gauges are read when scraped, the rest is counted as it happens.
 * `docs/operations.md` lists them all, and says which to watch.
 *
 * @module
 */
import { Registry } from "prom-client";
import { type RequestMetrics, requestMetrics } from "./metrics/requests.ts";
import { type StateMetrics, stateMetrics } from "./metrics/state.ts";
import { type StoringMetrics, storingMetrics } from "./metrics/storing.ts";

export interface Metrics extends RequestMetrics, StoringMetrics, StateMetrics {
  /** The exposition text and its media type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** Makes the service's metrics, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  return {
    ...requestMetrics(registry),
    ...storingMetrics(registry),
    ...stateMetrics(registry),
    async render() {
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
