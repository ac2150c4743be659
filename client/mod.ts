/**
 * The client for Talky Core API's live stream.
 *
 * @module
 */
export { logReplaced } from "./protocol.ts";
export type { EventType, TalkyEvent } from "./event.ts";
export { type EventReader, readEvents, type ReadEventsOptions, StreamClosed } from "./read_events.ts";
