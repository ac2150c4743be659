/**
 * Which events come next for a webhook: from the hub's memory where that reaches, which all webhooks share, else from
 * the log in pages.
 *
 * @module
 */
import type { Cut, LeasedWebhook } from "../db/webhook_leases.ts";
import type { LoggedEvent } from "../events/event_log.ts";
import type { View } from "../events/view.ts";
import { createFilter } from "../stream/filter.ts";
import { fittingDelivery } from "./batch.ts";
import type { DeliveryContext } from "./context.ts";
import { formOf, typesTold } from "./formats.ts";

/** What comes next: a batch; nothing wanted up to an id; or why there is no way to tell. */
export type Next =
  | { readonly cut: Cut; readonly events: readonly LoggedEvent[] }
  | { readonly through: number }
  | { readonly stop: "behind" | "other_log"; readonly reason: string };

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

/** The events of a cut once more. Fewer where some were deleted since. */
export async function readCut(
  { log }: Source,
  generation: string,
  cut: Cut,
): Promise<readonly LoggedEvent[]> {
  const { first, last } = cut;
  return await log.readAfter(first - 1, {
    upTo: last,
    limit: last - first + 1,
    generation,
    filter: { view: viewOf(cut) },
  });
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

type Page =
  | { readonly events: readonly LoggedEvent[]; readonly through: number }
  | { readonly stop: "behind" | "other_log"; readonly reason: string };

async function readPage({ log }: Source, webhook: LeasedWebhook, from: number): Promise<Page> {
  const { generation } = webhook;
  const most = mostOf(webhook);
  const { head, ...bounds } = await log.bounds();
  if (bounds.generation !== generation) {
    return {
      stop: "other_log",
      reason:
        `the log was restored: it is generation ${bounds.generation} now, the cursor is of ${generation}`,
    };
  }
  const events = await log.readAfter(from, {
    upTo: head,
    limit: most,
    generation,
    filter: { view: toldOf(webhook) },
  });
  // Asked for afterwards: what went meanwhile is missing in the page.
  const { earliest } = await log.bounds();
  if (from + 1 < earliest) {
    return { stop: "behind", reason: `events ${from + 1} to ${earliest - 1} are kept no more` };
  }
  return { events, through: events.length === most ? events.at(-1)!.id : Math.max(from, head) };
}
