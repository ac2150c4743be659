/**
 * Whom a token stands for. Keys are rows that any instance may strike out, so what was read of one holds for two
 * seconds only: a revoked key is refused within five everywhere, and a busy one costs a query in two seconds.
 *
 * @module
 */
import { isWithin } from "../events/view.ts";
import { type ApiKey, apiKeyId, hashToken, sameHash } from "./api_key.ts";
import type { Keys } from "./keys.ts";
import { allows, type Operator, verifyOperatorToken } from "./operator.ts";

/** Reads a key; null where there is none that is current. */
export type FindKey = (id: string) => Promise<ApiKey | null>;

/** Tells who shows a token; null for what is not a valid, current one. */
export interface OperatorAuthenticator {
  operator(token: string, find: FindKey): Promise<Operator | null>;
  /** Whether what an operator was let in by still holds. */
  isCurrent(operator: Operator, find: FindKey): Promise<boolean>;
  /** Reads a key again when it is next shown. */
  forget(id: string): void;
}

/** Makes one. Times in milliseconds. */
export function createOperatorAuthenticator(
  keys: Keys,
  { cacheFor = 2000, cacheSize = 10_000, now = Date.now }: {
    readonly cacheFor?: number;
    readonly cacheSize?: number;
    readonly now?: () => number;
  } = {},
): OperatorAuthenticator {
  const known = new Map<string, { readonly key: ApiKey | null; readonly until: number }>();

  async function lookUp(id: string, find: FindKey): Promise<ApiKey | null> {
    const cached = known.get(id);
    if (cached && cached.until > now()) return cached.key;
    // From before the question: the answer may be as old as that.
    const until = now() + cacheFor;
    const key = await find(id);
    known.delete(id);
    known.set(id, { key, until });
    // The oldest goes. Made-up ids have a place here as well, so that one is not asked for again and again.
    for (const [oldest] of known) {
      if (known.size <= cacheSize) break;
      known.delete(oldest);
    }
    return key;
  }

  async function isCurrent({ key, expires, scope, view }: Operator, find: FindKey): Promise<boolean> {
    if (expires <= now()) return false;
    if (key === null) return true;
    const found = await lookUp(key, find);
    return found !== null && found.expires > now() && allows(found.scope, scope) &&
      isWithin(view, found.view);
  }

  return {
    async operator(token, find) {
      const id = apiKeyId(token);
      if (id === null) {
        const operator = await verifyOperatorToken(keys, token);
        return operator && await isCurrent(operator, find) ? operator : null;
      }
      const key = await lookUp(id, find);
      if (!key || key.expires <= now() || !sameHash(key.hash, await hashToken(token))) return null;
      return { scope: key.scope, view: key.view, expires: key.expires, key: id, by: "key" };
    },
    isCurrent,
    forget: (id) => void known.delete(id),
  };
}
