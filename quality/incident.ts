/**
 * Incidents: many who are gone at once. Across rooms, within two seconds, it is us (or what is in front of us);
 * one person again and again is theirs.
 *
 * @module
 */

/** A person whose connection broke, or whose leaving was concluded after a crash. */
export interface Loss {
  /** The event that tells. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly room_id: string;
  readonly sessionid: string;
  readonly userid: string;
  readonly reconciled: boolean;
}

/** A burst of losses. */
export interface Incident {
  readonly kind: "server_restarted" | "many_disconnected" | "one_disconnected_often";
  /** Whose it is, by its shape. */
  readonly whose: "ours" | "theirs";
  readonly begin: number;
  readonly end: number;
  readonly rooms: readonly string[];
  readonly people: readonly string[];
  /** How many losses. */
  readonly losses: number;
  readonly events: readonly number[];
}

/** The incidents in losses, by beginning. */
export function findIncidents(losses: readonly Loss[]): Incident[] {
  const ordered = losses.toSorted((a, b) => a.time - b.time || a.id - b.id);
  const bursts = runs(ordered, atOnce).flatMap((burst): Incident[] => {
    const reconciled = burst.some((one) => one.reconciled);
    const isOurs = reconciled ||
      (distinct(burst, "userid").length >= 3 && distinct(burst, "room_id").length >= 2);
    return isOurs ? [incident(burst, reconciled ? "server_restarted" : "many_disconnected", "ours")] : [];
  });
  const inBursts = new Set(bursts.flatMap(({ events }) => events));
  const others = Map.groupBy(ordered.filter(({ id }) => !inBursts.has(id)), ({ userid }) => userid);
  const often = [...others.values()].flatMap((own) =>
    runs(own, again).filter((run) => run.length >= 3).map((run) =>
      incident(run, "one_disconnected_often", "theirs")
    )
  );
  return [...bursts, ...often].sort((a, b) => a.begin - b.begin);
}

// ---

/** Milliseconds between neighbours of a burst, and between losses of one person that belong together. */
const atOnce = 2_000;
const again = 10 * 60_000;

/** Cuts a list where more than so many milliseconds lie between neighbours. */
function runs(losses: readonly Loss[], apart: number): Loss[][] {
  const found: Loss[][] = [];
  for (const loss of losses) {
    const last = found.at(-1);
    if (last && loss.time - last.at(-1)!.time <= apart) last.push(loss);
    else found.push([loss]);
  }
  return found;
}

function incident(losses: readonly Loss[], kind: Incident["kind"], whose: Incident["whose"]): Incident {
  return {
    ...{ kind, whose, losses: losses.length },
    begin: losses[0]!.time,
    end: losses.at(-1)!.time,
    rooms: distinct(losses, "room_id"),
    people: distinct(losses, "userid"),
    events: losses.map(({ id }) => id),
  };
}

function distinct(losses: readonly Loss[], key: "room_id" | "userid"): string[] {
  return [...new Set(losses.map((loss) => loss[key]))];
}
