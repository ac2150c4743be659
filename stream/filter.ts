/**
 * Which events a reader wants: rooms and types, either absent (all) or a list.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";

/** A reader's filter. Equal filters have equal keys, so that their frames are built once. */
export interface Filter {
  readonly key: string;
  readonly rooms?: readonly string[];
  readonly types?: readonly string[];
  matches(event: LoggedEvent): boolean;
}

/** Makes a filter. Empty lists mean all. Room ids in lower case. */
export function createFilter(wanted: { rooms?: readonly string[]; types?: readonly string[] }): Filter {
  const rooms = unique(wanted.rooms);
  const types = unique(wanted.types);
  return {
    key: JSON.stringify([rooms ?? null, types ?? null]),
    ...(rooms && { rooms: [...rooms] }),
    ...(types && { types: [...types] }),
    matches: ({ room_id, type }) =>
      (!rooms || (room_id !== null && rooms.includes(room_id))) && (!types || types.includes(type)),
  };
}

// ---

function unique(list: readonly string[] | undefined): string[] | undefined {
  return list && list.length > 0 ? [...new Set(list)].sort() : undefined;
}
