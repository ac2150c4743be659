/**
 * Operators: people and programs that read (or manage) the service. They show an API key (`api_key.ts`), or a
 * token that was signed for them, for minutes. Scopes contain each other: admin ⊃ manage ⊃ read.
 *
 * @module
 */
import { z } from "zod";
import { EventTypeName } from "../events/event.ts";
import type { View } from "../events/view.ts";
import type { Keys } from "./keys.ts";
import { readToken, signToken } from "./signed.ts";

/** Operator scopes, each containing the ones before it. */
export const scopes = ["read", "manage", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** What an operator may do, and until when. */
export interface Grant {
  readonly scope: Scope;
  /** What it is shown. */
  readonly view: View;
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number;
  /**
   * Id of the API key that stands behind it, and with which it ends. Null: it was signed without one, before there
   * were keys or for the demo call.
   */
  readonly key: string | null;
}

/** Who shows a token. */
export interface Operator extends Grant {
  /** What it showed: the key itself, a signed token, or a ticket. */
  readonly by: "key" | "signed" | "ticket";
}

/** The longest that a signed token without a key may have been made for: 400 days, in seconds. */
const longestSigned = 400 * 86_400;

const Claims = z.object({
  scope: z.enum(scopes),
  key: z.string().optional(),
  rooms: z.array(z.string()).optional(),
  types: z.array(EventTypeName).optional(),
  iat: z.number(),
  exp: z.number(),
}).refine(({ iat, exp }) => exp - iat <= longestSigned);

/** Signs an operator's token. `lifetime` in seconds; `of`: the key that it is made from, and what it shows. */
export function signOperatorToken(
  keys: Keys,
  scope: Scope,
  lifetime: number,
  of: Partial<Pick<Grant, "key" | "view">> = {},
): Promise<string> {
  return signToken(keys.operator, { scope, ...of.key && { key: of.key }, ...of.view }, lifetime);
}

/** The operator a signed token stands for, or null when it is not a valid, current one. Its key is not looked at. */
export async function verifyOperatorToken(keys: Keys, token: string): Promise<Operator | null> {
  const claims = Claims.safeParse(await readToken(keys.operator, token));
  if (!claims.success) return null;
  const { scope, key = null, rooms, types, exp } = claims.data;
  return {
    scope,
    key,
    view: { ...rooms && { rooms }, ...types && { types } },
    expires: exp * 1000,
    by: "signed",
  };
}

/** Whether a token's scope contains the one that is needed. */
export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed);
}
