/**
 * Limits counted in this process's memory. Each instance counts for itself, so several let through as many times as
 * much; what is remembered is bounded, whatever addresses and tokens come.
 *
 * @module
 */
import type { LimitSettings } from "../config.ts";
import type { Budget, Limits, Place } from "../routes/limits.ts";

/** How a process counts. */
export interface TokenBucketsOptions {
  /** Told whenever somebody is refused. */
  readonly onMet?: (limit: Budget | Place) => void;
  /** The time in milliseconds. Default: the machine's, which only goes on. */
  readonly now?: () => number;
  /** How many of whom a budget remembers; the one that has asked for nothing longest is forgotten. Default 20,000. */
  readonly mostRemembered?: number;
}

/** Starts counting. */
export function createTokenBuckets(settings: LimitSettings, options: TokenBucketsOptions = {}): Limits {
  const { onMet = () => {}, now = () => performance.now(), mostRemembered = 20_000 } = options;
  const sizes = sizesFor(settings);
  const levels = new Map<Budget, Map<string, Level>>();
  const held = new Map<string, number>();
  const mostHeld: Record<Place, number> = { relays: settings.connections / 2 };

  /** Refills somebody's budget, takes from it what `spent` says of what is left, and returns what was left. */
  function draw(budget: Budget, who: string, spent: (left: number) => number): number {
    const { perSecond, seconds } = sizes[budget];
    if (perSecond === Infinity) return Infinity;
    const all = levels.get(budget) ?? new Map<string, Level>();
    levels.set(budget, all);
    const full = perSecond * seconds;
    const time = now();
    const before = all.get(who) ?? { left: full, at: time };
    const left = Math.min(full, before.left + perSecond * (time - before.at) / 1000);
    // The newest last, so the first is whom nobody has heard of for longest.
    all.delete(who);
    all.set(who, { left: left - spent(left), at: time });
    if (all.size > mostRemembered) all.delete(all.keys().next().value!);
    return left;
  }

  return {
    take(budget, who, amount = 1) {
      const left = draw(budget, who, (left) => left > 0 ? amount : 0);
      if (left > 0) return 0;
      onMet(budget);
      return Math.max(1, Math.ceil(-left / sizes[budget].perSecond));
    },
    charge(budget, who, amount) {
      draw(budget, who, () => amount);
    },
    hold(place, who) {
      const key = `${place} ${who}`;
      const others = held.get(key) ?? 0;
      if (others >= mostHeld[place]) {
        onMet(place);
        return null;
      }
      held.set(key, others + 1);
      let given = true;
      return () => {
        if (!given) return;
        given = false;
        const left = held.get(key)! - 1;
        if (left > 0) held.set(key, left);
        else held.delete(key);
      };
    },
  };
}

// ---

/** What is left of a budget (negative: owed), and when that was. */
interface Level {
  readonly left: number;
  readonly at: number;
}

/** How fast each budget refills, and how many seconds' worth it holds. */
function sizesFor(settings: LimitSettings): Record<Budget, { perSecond: number; seconds: number }> {
  return {
    requests: { perSecond: settings.requests, seconds: 10 },
    token_requests: { perSecond: settings.tokenRequests, seconds: 10 },
    sessions: { perSecond: settings.sessions, seconds: 10 },
    failures: { perSecond: settings.failures, seconds: 20 },
    telemetry: { perSecond: settings.telemetry, seconds: 60 },
    telemetry_address: { perSecond: 16 * settings.telemetry, seconds: 60 },
    // A hundred an hour: enough to see what is wrong with a client.
    kept_refusals: { perSecond: 100 / 3600, seconds: 3600 },
    exports: { perSecond: settings.exports, seconds: 300 },
  };
}
