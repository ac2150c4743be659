/**
 * Which events come next for a webhook: from the hub's memory where that reaches, which all webhooks share, else from
 * the log in pages.
 *
 * @module
 */
import type { Cut, LeasedWebhook } from "../db/webhook_leases.ts";
import type { LogBounds, LoggedEvent } from "../events/event_log.ts";
import type { View } from "../events/view.ts";
import { createFilter } from "../stream/filter.ts";
import { fittingDelivery } from "./batch.ts";
import type { DeliveryContext } from "./context.ts";
import { formOf, typesTold } from "./formats.ts";

/** What comes next: a batch; nothing wanted up to an id; or why there is no way to tell. */
export type Next =
  | { readonly cut: Cut; readonly events: readonly LoggedEvent[] }
  | { readonly through: number }
  | Stop;

/** Why it does not go on by itself. */
export interface Stop {
  readonly stop: "behind" | "other_log";
  readonly reason: string;
}

interface Read {
  readonly events: readonly LoggedEvent[];
}

type Source = Pick<DeliveryContext, "hub" | "log">;

/** What comes after `after`. */
export async function findNext(source: Source, webhook: LeasedWebhook, after: number): Promise<Next> {
  const { rooms, format, generation } = webhook;
  const types = typesTold(format, webhook.types);
  let from = after;
  for (;;) {
    const found = source.hub.recent(from, filterOf(webhook), mostOf(webhook), generation) ??
      await readPage(source, webhook, from);
    if ("stop" in found) return found;
    const events = fittingDelivery(found.events);
    if (events.length > 0) {
      return { cut: { first: events[0]!.id, last: events.at(-1)!.id, rooms, types, format }, events };
    }
    if (found.through <= from) return { through: from };
    from = found.through;
  }
}

/**
 * The events of a cut once more. Where retention has reached into it, or the log is another one, the reason: what is
 * left of it under its id would be taken for all.
 */
export async function readCut({ log }: Source, generation: string, cut: Cut): Promise<Read | Stop> {
  const { first, last } = cut;
  const events = await log.readAfter(first - 1, {
    upTo: last,
    limit: last - first + 1,
    generation,
    filter: { view: viewOf(cut) },
  });
  // Asked for afterwards: what went meanwhile is missing.
  return stopAt(await log.bounds(), generation, first) ?? { events };
}

// ---

/** Filters by webhook: made once for as long as its row is the same. */
const filters = new WeakMap<LeasedWebhook, ReturnType<typeof createFilter>>();

function filterOf(webhook: LeasedWebhook): ReturnType<typeof createFilter> {
  let filter = filters.get(webhook);
  if (!filter) filters.set(webhook, filter = createFilter({}, toldOf(webhook)));
  return filter;
}

function viewOf({ rooms, types }: Pick<Cut, "rooms" | "types">): View {
  return { ...rooms && { rooms }, ...types && { types } };
}

/** What is told, by filter and form. */
function toldOf({ rooms, types, format }: LeasedWebhook): View {
  return viewOf({ rooms, types: typesTold(format, types) });
}

function mostOf({ batch_size, format }: LeasedWebhook): number {
  return Math.min(batch_size, formOf(format).most);
}

async function readPage(
  { log }: Source,
  webhook: LeasedWebhook,
  from: number,
): Promise<(Read & { readonly through: number }) | Stop> {
  const { generation } = webhook;
  const most = mostOf(webhook);
  const { head } = await log.bounds();
  const events = await log.readAfter(from, {
    upTo: head,
    limit: most,
    generation,
    filter: { view: toldOf(webhook) },
  });
  // Asked for afterwards, as for a cut.
  return stopAt(await log.bounds(), generation, from + 1) ??
    { events, through: events.length === most ? events.at(-1)!.id : Math.max(from, head) };
}

/** Why there is no going on with an event of a log; undefined where there is. */
function stopAt(bounds: LogBounds, generation: string, event: number): Stop | undefined {
  if (bounds.generation !== generation) {
    const reason =
      `the log was restored: it is generation ${bounds.generation} now, the cursor is of ${generation}`;
    return { stop: "other_log", reason };
  }
  if (event < bounds.earliest) {
    return { stop: "behind", reason: `events ${event} to ${bounds.earliest - 1} are kept no more` };
  }
}
