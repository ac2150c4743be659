/**
 * Which events a reader wants, of those that it may see: rooms and types, either absent (all) or a list.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import { everything, keyOf, splitRooms, type View } from "../events/view.ts";

/** What a reader asks for. Empty lists mean all. Room ids in lower case. */
export interface Wanted {
  readonly rooms?: readonly string[];
  readonly types?: readonly string[];
}

/** A reader's filter. Equal filters have equal keys, so that their frames are built once. */
export interface Filter {
  readonly key: string;
  readonly rooms?: readonly string[];
  readonly types?: readonly string[];
  readonly view: View;
  matches(event: LoggedEvent): boolean;
}

/** Makes a filter of a wish and of what its reader is shown. */
export function createFilter(wanted: Wanted, view: View = everything): Filter {
  const rooms = unique(wanted.rooms);
  const types = unique(wanted.types);
  const isShown = shownBy(view);
  return {
    key: JSON.stringify([rooms ?? null, types ?? null, keyOf(view)]),
    ...(rooms && { rooms: [...rooms] }),
    ...(types && { types: [...types] }),
    view,
    matches: (event) =>
      (!rooms || (event.room_id !== null && rooms.includes(event.room_id))) &&
      (!types || types.includes(event.type)) && isShown(event),
  };
}

// ---

function shownBy(view: View): (event: LoggedEvent) => boolean {
  const types = view.types && new Set<string>(view.types);
  const ids = view.rooms && new Set(splitRooms(view.rooms).ids);
  const nodes = view.rooms && new Set(splitRooms(view.rooms).nodes);
  return ({ room_id, room_node, type }) =>
    (!types || types.has(type)) &&
    (!ids || !nodes || ids.has(room_id ?? "") || nodes.has(room_node ?? ""));
}

function unique(list: readonly string[] | undefined): string[] | undefined {
  return list && list.length > 0 ? [...new Set(list)].sort() : undefined;
}
