/**
 * Where log records go: readable lines in development, JSON lines in production. Libraries and modules
 * only name their category under `talky`.
 *
 * @module
 */
import { configure, getConsoleSink, getJsonLinesFormatter, getTextFormatter } from "@logtape/logtape";
import type { Settings } from "../config.ts";

/** Sets logging up for the process. */
export async function configureLogging({ production, logLevel }: Pick<Settings, "production" | "logLevel">) {
  await configure({
    reset: true,
    sinks: {
      console: getConsoleSink({
        formatter: production
          ? getJsonLinesFormatter()
          : getTextFormatter({ timestamp: "time", level: "full" }),
      }),
    },
    loggers: [
      { category: "talky", lowestLevel: logLevel, sinks: ["console"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["console"] },
    ],
  });
}
