/**
 * Every error of the API: RFC 9457 problem details with a stable `code`. One registry: code → status,
 * title. Never a stack, never SQL.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { getLogger } from "@logtape/logtape";
import { isImpossibleValue, isUnavailable } from "../db/connect.ts";
import { RecorderClosed } from "../ingest/recorder.ts";

/** The registry. Codes are part of the contract: new ones may come, none changes its meaning. */
export const problems = {
  invalid_request: { status: 400, title: "The request is not valid" },
  token_refused: { status: 401, title: "The application's token is not accepted" },
  unauthorized: { status: 401, title: "A valid bearer token is needed" },
  forbidden: { status: 403, title: "The token does not allow this" },
  not_found: { status: 404, title: "There is nothing here" },
  hold_not_found: { status: 404, title: "There is no such hold" },
  room_not_found: { status: 404, title: "There is no such room" },
  token_not_found: { status: 404, title: "There is no such key" },
  user_not_found: { status: 404, title: "There is no such session" },
  webhook_not_found: { status: 404, title: "There is no such webhook" },
  method_not_allowed: { status: 405, title: "The method does not fit this path" },
  too_many_holds: { status: 409, title: "There are as many holds as there may be" },
  too_many_webhooks: { status: 409, title: "There are as many webhooks as there may be" },
  cursor_gone: { status: 410, title: "The cursor is older than what is kept" },
  other_log: { status: 410, title: "The cursor is of another log: the database was restored" },
  too_large: { status: 413, title: "The request is too large" },
  key_reused: { status: 422, title: "The Idempotency-Key belongs to another request" },
  too_many_requests: { status: 429, title: "Too much at once" },
  upgrade_required: { status: 426, title: "This path is a WebSocket or an event stream" },
  internal: { status: 500, title: "The service failed" },
  unavailable: { status: 503, title: "The service cannot do this now" },
} as const satisfies Record<string, { status: ContentfulStatusCode; title: string }>;

/** A stable name of a problem. */
export type ProblemCode = keyof typeof problems;

/** The body of every error. */
export const Problem = z.object({
  type: z.string().openapi({ example: "about:blank" }),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
}).openapi("Problem");

/** Thrown anywhere under a route; becomes the answer. */
export class ProblemError extends Error {
  override name = "ProblemError";

  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    readonly extra: {
      readonly errors?: readonly { path: string; message: string }[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail ?? problems[code].title);
  }
}

/** The answer for a problem. */
export function answerProblem(c: Context, { code, detail, extra }: ProblemError): Response {
  const { status, title } = problems[code];
  const body: z.infer<typeof Problem> = {
    type: "about:blank",
    title,
    status,
    code,
    ...(detail && { detail }),
    ...(extra.errors && { errors: [...extra.errors] }),
  };
  return c.body(JSON.stringify(body), status, {
    "content-type": "application/problem+json",
    ...extra.headers,
  });
}

/** What any error thrown under a route becomes. */
export function onError(error: Error, c: Context): Response {
  if (error instanceof ProblemError) return answerProblem(c, error);
  if (error instanceof HTTPException && error.status === 400) {
    return answerProblem(c, new ProblemError("invalid_request", error.message));
  }
  if (error instanceof RecorderClosed) {
    return answerProblem(
      c,
      new ProblemError("unavailable", "the service stops", { headers: { "retry-after": "1" } }),
    );
  }
  // The client has gone, in the middle of its request: nobody hears this.
  if (c.req.raw.signal.aborted) {
    return answerProblem(c, new ProblemError("invalid_request", "the request broke off"));
  }
  const request: string | undefined = c.get("requestId");
  if (isImpossibleValue(error)) {
    return answerProblem(c, new ProblemError("invalid_request", "a value is not one that can be stored"));
  }
  if (isUnavailable(error)) {
    log.warning("The database is away: {reason}", { reason: error.message, request });
    return answerProblem(
      c,
      new ProblemError("unavailable", "the database cannot be reached", { headers: { "retry-after": "5" } }),
    );
  }
  const { method, path } = c.req;
  log.error("{method} {path} failed (X-Request-Id {request}): {error}", { method, path, request, error });
  return answerProblem(c, new ProblemError("internal"));
}

/** Turns a failed validation into a problem; the hook of every OpenAPIHono. */
export function onInvalid(result: { success: boolean; error?: z.ZodError; target: string }): void {
  if (result.success || !result.error) return;
  const errors = result.error.issues.map(({ path, message }) => ({
    path: [result.target, ...path].join("."),
    message,
  }));
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new ProblemError("invalid_request", detail, { errors });
}

/** The errors of a contract for the OpenAPI document, by status. Several codes may share one. */
export function problemResponses(codes: readonly ProblemCode[]) {
  const content = { "application/problem+json": { schema: Problem } };
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [status, {
      description: same.map((code) => `\`${code}\`: ${problems[code].title}`).join("; "),
      ...status in responseHeaders && { headers: responseHeaders[status] },
      content,
    }]),
  );
}

// ---

/** Headers that errors carry, by status. */
const responseHeaders: Record<number, Record<string, HeaderObject>> = {
  401: { "WWW-Authenticate": { schema: { type: "string" }, description: "How to show a token (RFC 6750)" } },
  405: { Allow: { schema: { type: "string" }, description: "The methods that there are" } },
  429: {
    "Retry-After": { schema: { type: "integer" }, description: "Seconds until it is worth another try" },
  },
  503: {
    "Retry-After": { schema: { type: "integer" }, description: "Seconds until it is worth another try" },
  },
};
interface HeaderObject {
  readonly schema: { readonly type: "string" | "integer" };
  readonly description: string;
}

const log = getLogger(["talky", "http"]);
