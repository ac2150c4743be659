/**
 * The whole HTTP side, from what it is given. Runs on Deno and on Workers unchanged.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { except } from "hono/combine";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { homePage } from "../web/home.ts";
import { apiKeyRoutes } from "./api_keys.ts";
import { attendanceRoutes } from "./attendance.ts";
import { asyncApiRoutes } from "./asyncapi.ts";
import { authenticatorOf } from "./caller.ts";
import { clientRoutes } from "./client_config.ts";
import { demoRoutes } from "./demo.ts";
import type { Dependencies } from "./dependencies.ts";
import { docsRoutes } from "./docs.ts";
import { eventRoutes } from "./events.ts";
import { authenticateWith } from "./guard.ts";
import { pagePolicy, restrictPages } from "./content_security.ts";
import { healthRoutes } from "./health.ts";
import { issueRoutes } from "./issues.ts";
import { countRequests, noLimits } from "./limits.ts";
import { metricsRoutes } from "./metrics.ts";
import { answerProblem, onError, ProblemError } from "./problem.ts";
import { pathWithin } from "./prefix.ts";
import { refuseUnknown } from "./query.ts";
import { rejectedRoutes } from "./rejected.ts";
import { relayRoutes } from "./relay.ts";
import { roomQualityRoutes } from "./room_quality.ts";
import { roomStateRoutes } from "./room_state.ts";
import { roomRoutes } from "./rooms.ts";
import { schemaRoutes } from "./schemas.ts";
import { searchRoutes } from "./search.ts";
import { statsRoutes } from "./stats.ts";
import { isWebSocketRequest, streamRoutes } from "./stream.ts";
import { telemetryRoutes } from "./telemetry.ts";
import { ticketRoutes } from "./tickets.ts";
import { userRoutes } from "./users.ts";
import { version } from "./version.ts";
import { webhookActionRoutes } from "./webhook_actions.ts";
import { describePayloads } from "./webhook_payloads.ts";
import { holdRoutes } from "./holds.ts";
import { webhookRoutes } from "./webhooks.ts";
import { whyRoutes } from "./why.ts";

/** Makes the app. */
export function createApp(dependencies: Dependencies): OpenAPIHono {
  const { publicUrl, xmpp } = dependencies;
  const { limits = noLimits, clientAddress = () => "" } = dependencies;
  const app = new OpenAPIHono({ getPath: pathWithin(publicUrl) });
  app.onError(onError);
  app.notFound((c) =>
    answerProblem(
      c,
      new ProblemError("not_found", `${c.req.method} ${c.req.path} is not an endpoint: see /openapi.json`),
    )
  );
  if (dependencies.metrics) app.use(dependencies.metrics.middleware);
  app.use(restrictPages);
  app.use(withHeaders(dependencies));
  app.use(refuseOtherMethods(app));
  const counter = countRequests(limits, clientAddress);
  app.use(counter.middleware);
  const authenticator = authenticatorOf(dependencies);
  app.use(authenticateWith({
    ...authenticator,
    operator: (c, token) => counter.remembering((shown) => authenticator.operator(c, shown))(token),
  }));

  // Pages take any parameter: links to them carry those of whoever made the link.
  for (const path of ["/openapi.json", "/asyncapi.json"]) app.use(path, refuseUnknown([]));
  app.get("/", (c) => {
    c.header("content-security-policy", pagePolicy);
    return c.html(homePage({ publicUrl, xmppUrl: xmpp.publicUrl, demo: dependencies.demo !== undefined }));
  });
  app.route("/", healthRoutes(dependencies));
  app.route("/", clientRoutes(dependencies));
  app.route("/", telemetryRoutes(dependencies));
  app.route("/", roomRoutes(dependencies));
  app.route("/", userRoutes(dependencies));
  app.route("/", roomStateRoutes(dependencies));
  app.route("/", attendanceRoutes(dependencies));
  app.route("/", whyRoutes(dependencies));
  app.route("/", roomQualityRoutes(dependencies));
  app.route("/", issueRoutes(dependencies));
  app.route("/", searchRoutes(dependencies));
  app.route("/", eventRoutes(dependencies));
  app.route("/", rejectedRoutes(dependencies));
  app.route("/", statsRoutes(dependencies));
  app.route("/", apiKeyRoutes(dependencies));
  app.route("/", ticketRoutes(dependencies));
  app.route("/", webhookRoutes(dependencies));
  app.route("/", holdRoutes(dependencies));
  app.route("/", webhookActionRoutes(dependencies));
  app.route("/", schemaRoutes(dependencies));
  app.route("/", asyncApiRoutes(dependencies));
  app.route("/", docsRoutes(dependencies));
  app.route("/", demoRoutes(dependencies));
  app.route("/", metricsRoutes(dependencies));
  app.route("/", streamRoutes(dependencies));
  app.route("/", relayRoutes(dependencies));

  serveDocument(app, publicUrl);
  return app;
}

// ---

/** Headers of every answer, and compression. A handshake's answer comes from the runtime and cannot be changed. */
function withHeaders({ publicUrl, hsts, compression }: Dependencies): MiddlewareHandler {
  return except(
    (c) => isWebSocketRequest(c.req.raw),
    // What a proxy in front has given it already stays; what does not look like one is replaced.
    requestId({ limitLength: 100 }),
    secureHeaders({
      crossOriginResourcePolicy: "cross-origin",
      strictTransportSecurity: publicUrl.startsWith("https:") && transportSecurity[hsts],
    }),
    ...compression ? [compress({ contentTypeFilter: compressible })] : [],
    cors({
      origin: "*",
      allowHeaders: [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-none-match",
        "last-event-id",
        "x-request-id",
      ],
      exposeHeaders: ["etag", "retry-after", "x-request-id"],
      maxAge: 86_400,
    }),
  );
}

function refuseOtherMethods(app: OpenAPIHono): MiddlewareHandler {
  return methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) => {
      const allow = methods.join(", ");
      return answerProblem(
        c,
        new ProblemError("method_not_allowed", `${c.req.path} takes ${allow}`, { headers: { allow } }),
      );
    },
  });
}

/** Serves the OpenAPI document, which the contracts make up. */
function serveDocument(app: OpenAPIHono, publicUrl: string): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "operator", {
    type: "http",
    scheme: "bearer",
    description:
      "An API key (`deno task token`, POST /tokens), or a token signed with one (POST /tokens/session)",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "http",
    scheme: "bearer",
    description: "A session's credential, from /config/guest or /config/user",
  });
  describePayloads(app);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Talky Core API",
      version,
      description: "Rooms, sessions and events of Talky calls, and a stream that resumes.",
      license: { name: "MIT", url: "https://spdx.org/licenses/MIT.html" },
    },
    servers: [{ url: publicUrl }],
  });
}

/** By setting: half a year. What lies below the host is the operator's to promise. */
const transportSecurity = {
  off: false,
  on: "max-age=15552000",
  subdomains: "max-age=15552000; includeSubDomains",
} as const;

/** Everything that is text, but no event stream: its frames have to leave at once. */
const compressible =
  /^(application\/(x-)?(nd)?json|application\/(problem|schema)\+json|text\/(csv|css|html|javascript|plain))\b/;
