/**
 * How much one may take of the service: budgets that refill, and places that are had at once. A caller that asks for more
 * gets 429 and is told when to come again. Where the counting is done is the runtime's to bring.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { bearerToken, cookieName } from "./token.ts";
import { ProblemError } from "./problem.ts";

/** What has a budget, and whose it is. */
export const budgets = [
  /** Requests of an address. */
  "requests",
  /** Requests of an operator's token. */
  "token_requests",
  /** New sessions of an address. */
  "sessions",
  /** Refusals of an address, for want of a good token. */
  "failures",
  /** Bytes of telemetry, of a session. */
  "telemetry",
  /** Bytes of telemetry, of an address. */
  "telemetry_address",
  /** Refused items of a session that are kept, not only counted. */
  "kept_refusals",
  /** Bytes of exports, of an operator's token. */
  "exports",
] as const;
export type Budget = (typeof budgets)[number];

/** What is had at once, and whose it is: relayed connections of an address. */
export const places = ["relays"] as const;
export type Place = (typeof places)[number];

/** Who counts. */
export interface Limits {
  /**
   * Takes an amount (default 1) from somebody's budget where anything is left of it, so it may end in debt. Returns
   * 0, or in how many seconds something will be left again.
   */
  take(budget: Budget, who: string, amount?: number): number | Promise<number>;
  /** Takes an amount from somebody's budget whatever is left of it, for what cannot be refused any more. */
  charge(budget: Budget, who: string, amount: number): void | Promise<void>;
  /** Takes one of somebody's places. Returns how to give it back, or null where all are taken. */
  hold(place: Place, who: string): (() => void) | null;
}

/** Nothing is limited. */
export const noLimits: Limits = { take: () => 0, charge: () => {}, hold: () => () => {} };

/** The refusal. `seconds` until it is worth another try. */
export function tooMany(what: string, seconds: number): ProblemError {
  return new ProblemError("too_many_requests", `too many ${what}: try again in ${seconds} s`, {
    headers: { "retry-after": String(seconds) },
  });
}

/** Takes from a budget. Throws a 429 where nothing is left. */
export async function spend(
  limits: Limits,
  budget: Budget,
  who: string,
  { amount = 1, what }: { readonly amount?: number; readonly what: string },
): Promise<void> {
  const seconds = await limits.take(budget, who, amount);
  if (seconds > 0) throw tooMany(what, seconds);
}

/** Counts an app's requests. */
export interface RequestCounter {
  readonly middleware: MiddlewareHandler;
  /** Has a verification of operators' tokens remember which were good. */
  remembering<Result extends object | null>(
    verify: (token: string) => Promise<Result>,
  ): (token: string) => Promise<Result>;
}

/**
 * Counts every request: of a token that has been good lately by the token, so that an operator is not refused for
 * what others do behind the same address, and of everybody else by the address. Refusals for want of a good token
 * are counted besides: past their limit they are 429. A good token is never refused for them.
 */
export function countRequests(limits: Limits, addressOf: (c: Context) => string): RequestCounter {
  /** Tokens that were good when they were last seen. Only good ones get in, and the oldest goes first. */
  const known = new Set<string>();
  return {
    async middleware(c, next) {
      const address = addressOf(c);
      c.set("address", address);
      const token = callerToken(c);
      if (token !== undefined && known.has(token)) {
        await spend(limits, "token_requests", token, { what: "requests with this token" });
      } else {
        await spend(limits, "requests", address, { what: "requests from this address" });
      }
      await next();
      if (c.res.status !== 401) return;
      const seconds = await limits.take("failures", address);
      if (seconds > 0) throw tooMany("requests without a valid token from this address", seconds);
    },
    remembering: (verify) => async (token) => {
      const result = await verify(token);
      if (result !== null && !("reason" in result) && !known.has(token)) {
        known.add(token);
        if (known.size > mostKnown) known.delete(known.values().next().value!);
      }
      return result;
    },
  };
}

/** Whom a request is counted as. */
export function callerAddress(c: Context): string {
  return c.get("address") ?? "";
}

/** An operator's token as the request brings it, good or not. */
export function callerToken(c: Context): string | undefined {
  return bearerToken(c) ?? c.req.query("access_token") ?? getCookie(c, cookieName);
}

// ---

/** Tokens that are remembered as good. */
const mostKnown = 10_000;
