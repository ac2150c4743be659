/**
 * The places of the house, and what each may import besides itself: by folder, file or package. A folder's own rule
 * goes before that of the folder around it. `docs/architecture.md` draws it.
 *
 * @module
 */

/** What may be imported; `anything` for who stands at the end of every way and is imported by nobody. */
export type Allowed = readonly string[] | "anything";

export const places: Readonly<Record<string, Allowed>> = {
  // The core: one event's way.
  events: ["zod"],
  auth: ["events", "jose", "zod"],
  quality: ["events", "zod"],
  db: [
    ...["events", "quality", "@logtape/logtape", "postgres"],
    ...["node:fs/promises", "node:net", "node:tls"],
  ],
  ingest: ["events", "quality", "db", "@logtape/logtape", "@xmpp/client", "@xmpp/xml", "bowser", "zod"],
  stream: ["events", "zod"],
  webhooks: ["events", "quality", "db", "stream", "ipaddr.js", "zod"],
  routes: [
    ...["config.ts", "auth", "events", "quality", "db", "ingest", "stream", "web", "webhooks"],
    ...["@hono/zod-openapi", "@logtape/logtape", "hono", "prom-client", "zod"],
  ],
  // For who reads us, from anywhere: it needs nothing.
  client: [],
  examples: ["client"],
  web: ["hono"],
  "web/demo": ["client", "@andyet/simplewebrtc", "react", "react-dom", "react-redux"],
  // What wires it, where it runs.
  "config.ts": ["config_limits.ts", "config_quality.ts", "config_webhooks.ts", "db", "zod"],
  "config_limits.ts": ["zod"],
  "config_quality.ts": ["quality", "zod"],
  "config_webhooks.ts": ["zod"],
  runtime: [
    ...["config.ts", "auth", "events", "quality", "db", "ingest", "routes", "stream", "webhooks"],
    ...["@logtape/logtape", "hono", "prom-client"],
  ],
  "runtime/deno": [
    ...["config.ts", "routes", "runtime", "stream", "webhooks"],
    ...["@hono/node-server", "@logtape/logtape", "ws"],
    ...[
      "node:crypto",
      "node:dns",
      "node:events",
      "node:http",
      "node:https",
      "node:module",
      "node:net",
      "node:path",
    ],
    ...["node:stream", "node:util"],
  ],
  "runtime/workers": [
    ...["config.ts", "runtime", "auth", "db", "ingest", "routes", "stream", "webhooks"],
    ...["@hono/zod-openapi", "hono"],
  ],
  "main.ts": [
    ...["config.ts", "auth", "db", "routes", "runtime", "runtime/deno", "stream", "webhooks"],
    ...["@logtape/logtape", "hono"],
  ],
  "worker.ts": ["routes", "runtime", "runtime/workers", "@hono/zod-openapi", "hono"],
  // What a developer runs.
  prosody: ["config.ts"],
  local: [
    ...["config.ts", "auth", "db", "prosody", "runtime", "miniflare", "postgres"],
    ...["node:fs/promises", "node:module", "node:path", "node:timers/promises", "node:url"],
  ],
  "proof/simulate": [
    ...["events", "ingest", "runtime", "@xmpp/client", "@xmpp/xml", "zod"],
    ...["node:timers/promises", "node:util"],
  ],
  "proof/chaos": [
    ...["config.ts", "auth", "client", "db", "local", "proof/simulate", "runtime"],
    ...["@hey-api/openapi-ts", "@xmpp/client", "event-source-polyfill", "eventsource", "zod"],
    ...["node:path", "node:timers/promises", "node:url", "node:util"],
  ],
  "proof/mutants": ["local", "proof", "runtime", "node:fs/promises", "node:path"],
  "proof/house": ["node:path", "zod"],
  proof: ["local", "proof/mutants", "runtime"],
  bench: ["db", "events", "local", "runtime", "stream"],
  scripts: "anything",
  tests: "anything",
};

/** These run on Workers unchanged. */
export const withoutDeno = [
  "auth",
  "events",
  "ingest",
  "quality",
  "routes",
  "runtime/workers",
  "stream",
  "webhooks",
];

/** The place that a file belongs to, if it has one. */
export function placeOf(path: string): string | undefined {
  const around = Object.keys(places).filter((place) => isIn(path, place));
  return around.sort((a, b) => b.length - a.length)[0];
}

/** Whether a path, or a package's, is one that is named, or in it. */
export function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
