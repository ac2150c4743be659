/**
 * Calls back at a moment that may be further off than a timer reaches (2^31 - 1 ms, about 24 days).
 *
 * @module
 */

/** Calls `expired` at `moment`, in milliseconds since 1970. Returns how to cancel. */
export function atDeadline(moment: number, expired: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    const remaining = moment - Date.now();
    timer = setTimeout(remaining > longest ? arm : expired, Math.min(Math.max(0, remaining), longest));
  };
  arm();
  return () => clearTimeout(timer);
}

// ---

const longest = 2 ** 31 - 1;
