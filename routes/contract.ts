/**
 * A route's contract: path, who may call it, what it takes and returns, said once. The guard, the checks of
 * query and body, and the OpenAPI document all come from it, so a route cannot have one without the others.
 *
 * @module
 */
import type { RouteConfig, RouteConfigToTypedResponse, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Access, parameterNames } from "./guard.ts";
import { type ProblemCode, problemResponses } from "./problem.ts";
import { refuseUnknown } from "./query.ts";
import { acceptTextAsJson, limitBody } from "./request_body.ts";

/** What a route says of itself. `responses` has the successes; the errors follow from the rest. */
export interface Definition extends Omit<RouteConfig, "security" | "middleware" | "parameters"> {
  /** Name of the method in generated clients. */
  readonly operationId: string;
  readonly summary: string;
  readonly access: Access;
  /** Errors besides those of the guard, the query and the body. */
  readonly problems?: readonly ProblemCode[];
  /** The largest body, in bytes. Default 64 KiB. */
  readonly maxBody?: number;
  readonly request?: RouteConfig["request"] & { readonly query?: z.ZodObject };
}

/** A contract, as `app.openapi` takes it. Handlers see the guard's variables by its type. */
export type Contract<D extends Definition = Definition> =
  & Omit<D, "access" | "problems" | "maxBody">
  & { readonly middleware: D["access"]["guard"] };

/** Makes a contract. */
export function contract<P extends string, D extends Definition & { readonly path: P }>(
  { access, problems = [], maxBody = 64 * 1024, ...route }: D,
): Contract<D> {
  const { security, parameters, guard, note } = access;
  const description = [route.description, note].filter(Boolean).join(" ");
  const known = [
    ...Object.keys(route.request?.query?.shape ?? {}),
    ...parameterNames(access),
  ];
  const hasBody = route.request?.body !== undefined;
  return {
    ...route,
    ...description && { description },
    ...security && { security },
    parameters,
    middleware: [guard, refuseUnknown(known), ...hasBody ? [limitBody(maxBody), acceptTextAsJson] : []],
    responses: {
      ...route.responses,
      ...security && isJsonGet(route) &&
        { 304: { description: "What If-None-Match names has not changed" } },
      ...problemResponses([
        "invalid_request",
        "too_many_requests",
        ...access.problems,
        ...hasBody ? ["too_large"] as const : [],
        // Whoever has to show a token wants something of the database.
        ...security ? ["unavailable"] as const : [],
        ...problems,
      ]),
    },
  } as unknown as Contract<D>;
}

/** The media types of a contract's 200. */
export type MediaTypes<C extends RouteConfig> = C["responses"][200] extends { content: infer Content }
  ? keyof Content & string
  : never;

/**
 * The 200 of a contract with a body that the contract's types cannot see into: JSON text from the database,
 * lines, a stream. What is in it is held against the document by tests.
 */
export function respond<C extends RouteConfig>(
  c: Context,
  _contract: C,
  mediaType: MediaTypes<C>,
  body: string | ReadableStream<Uint8Array> | null,
  headers: Readonly<Record<string, string>> = {},
): RouteConfigToTypedResponse<C> {
  const response = c.newResponse(body, 200, { "content-type": mediaType, ...headers });
  return response as unknown as RouteConfigToTypedResponse<C>;
}

// ---

/** Whether a contract's 200 is JSON, which comes under an ETag. */
function isJsonGet({ method, responses }: Pick<RouteConfig, "method" | "responses">): boolean {
  const success = responses[200];
  return method === "get" && success !== undefined && "content" in success &&
    "application/json" in (success.content ?? {});
}
