/**
 * What was wrong with a call, told when it has ended: the issues that `GET /rooms/{id}/issues` has for all of it. A
 * call in which nothing was wrong is not told of.
 *
 * @module
 */
import type { Issue } from "../quality/issue.ts";
import { type Form, jsonDelivery, readEvents } from "./form.ts";

export const issuesForm: Form = {
  types: ["room_destroyed"],
  most: 1,
  async batch({ id, generation, events: [logged] }, source) {
    const [event] = readEvents(logged ? [logged] : []);
    if (!event?.room_id) return null;
    const room = (await source.names([event.room_id], [])).rooms.get(event.room_id);
    if (!room) return null;
    const { created, name, jid } = room;
    const span = { from: Date.parse(created), to: Date.parse(event.time) + 1 };
    const { issues, complete } = await source.issues(event.room_id, span);
    if (issues.length === 0) return null;
    return jsonDelivery(id, {
      ...{ type: "issues", generation, event: event.id },
      room: { id: event.room_id, name, jid, created, ended: event.time },
      issues: issues.slice(0, mostIssues).map((issue) => written(issue, event.room_id!)),
      complete: complete && issues.length <= mostIssues,
    });
  },
  verification: (webhook) => jsonDelivery(`verification-${webhook}`, { type: "verification", webhook }),
  test: (webhook) => jsonDelivery(`test-${crypto.randomUUID()}`, { type: "test", webhook }),
};

// ---

/** As many as a page of the API has at most. */
const mostIssues = 1000;

function written({ begin, end, ...issue }: Issue, room_id: string): object {
  const time = (moment: number) => new Date(moment).toISOString();
  return { room_id, ...issue, begin: time(begin), end: end === null ? null : time(end) };
}
