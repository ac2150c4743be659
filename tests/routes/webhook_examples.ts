/**
 * A request of each operation of webhooks, with the status of its answer.
 *
 * @module
 */
import type { Api } from "./api.ts";

/** A request, and what it is answered with. */
export interface Example extends RequestInit {
  readonly path: string;
  readonly status: number;
}

/** Of each operation: one that succeeds, and those that are refused. */
export async function webhookExamples(api: Api): Promise<Record<string, Example[]>> {
  const manager = { headers: { authorization: `Bearer ${await api.operatorToken("manage")}` } };
  const url = "https://example.com/talky";
  const made = await api.request("/webhooks", { method: "POST", body: json({ url }), ...manager });
  const { id } = await made.json();
  const [there, none] = [`/webhooks/${id}`, `/webhooks/${nowhere}`];
  return {
    "post /webhooks": [
      { path: "/webhooks", status: 201, body: json({ url, rooms: ["Daily"], after: 0 }), ...manager },
      { path: "/webhooks", status: 400, body: json({ url: "https://10.0.0.1/" }), ...manager },
      { path: "/webhooks", status: 410, body: json({ url, after: 0, generation: nowhere }), ...manager },
      { path: "/webhooks", status: 403, body: json({ url }) },
    ],
    "get /webhooks": [{ path: "/webhooks?limit=1", status: 200, ...manager }, {
      path: "/webhooks",
      status: 403,
    }],
    "get /webhooks/{id}": [
      { path: there, status: 200, ...manager },
      { path: none, status: 404, ...manager },
    ],
    "patch /webhooks/{id}": [
      { path: there, status: 200, body: json({ paused: true, types: ["room_created"] }), ...manager },
      { path: there, status: 400, body: json({ batch_size: 0 }), ...manager },
      { path: none, status: 404, body: "{}", ...manager },
    ],
    ...webhookActionExamples(there, none, manager),
    "delete /webhooks/{id}": [
      { path: there, status: 204, ...manager },
      { path: there, status: 404, ...manager },
    ],
  };
}

// ---

const json = (value: unknown) => JSON.stringify(value);
const nowhere = crypto.randomUUID();

function webhookActionExamples(there: string, none: string, manager: RequestInit): Record<string, Example[]> {
  return {
    "post /webhooks/{id}/rewind": [
      { path: `${there}/rewind`, status: 200, body: json({ after: 0 }), ...manager },
      { path: `${there}/rewind`, status: 400, body: json({ after: 999_999 }), ...manager },
      { path: `${none}/rewind`, status: 404, body: json({ after: 0 }), ...manager },
    ],
    "post /webhooks/{id}/skip": [
      { path: `${there}/skip`, status: 200, body: "{}", ...manager },
      { path: `${there}/skip`, status: 410, body: json({ after: 0, generation: nowhere }), ...manager },
      { path: `${none}/skip`, status: 404, body: "{}", ...manager },
    ],
    "post /webhooks/{id}/rotate": [
      { path: `${there}/rotate`, status: 200, body: "{}", ...manager },
      { path: `${there}/rotate`, status: 400, body: json({ overlap: "1y" }), ...manager },
      { path: `${none}/rotate`, status: 404, body: "{}", ...manager },
    ],
    "post /webhooks/{id}/test": [
      { path: `${there}/test`, status: 503, ...manager },
      { path: `${none}/test`, status: 404, ...manager },
    ],
    "get /webhooks/{id}/deliveries": [
      { path: `${there}/deliveries?limit=1`, status: 200, ...manager },
      { path: `${none}/deliveries`, status: 404, ...manager },
    ],
  };
}
