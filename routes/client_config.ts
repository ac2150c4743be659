/**
 * What a Talky client asks before a call: its identity and where things are. The contract of the public
 * SDK (`@andyet/simplewebrtc`), which sends JSON as `text/plain`.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { signCredential, verifyCredential } from "../auth/credential.ts";
import { xmppHosts } from "../config.ts";
import { addUser } from "../db/users.ts";
import { parseDevice } from "../ingest/device.ts";
import type { Dependencies } from "./dependencies.ts";
import { limitBody } from "./limit_body.ts";
import { bearerToken } from "./operator.ts";
import { onInvalid, ProblemError, problemResponses } from "./problem.ts";
import { normaliseRoomName } from "./room_name.ts";

/** How long a credential lasts, in seconds: longer than any call. */
const credentialLifetime = 24 * 60 * 60;

/** Most bytes of a request's body. */
const largestBody = 64 * 1024;

const ClientConfig = z.object({
  apiVersion: z.string(),
  id: z.uuid().openapi({ description: "Session id: XMPP resource and MUC nick" }),
  userId: z.string().openapi({ description: "Bare JID" }),
  credential: z.string().openapi({ description: "XMPP password (SASL PLAIN) and bearer token" }),
  signalingUrl: z.string(),
  roomConfigUrl: z.string(),
  telemetryUrl: z.string(),
  iceServers: z.array(z.object({
    host: z.string(),
    port: z.string(),
    type: z.string(),
    transport: z.string().optional(),
    username: z.string().optional(),
    password: z.string().optional(),
  })),
  customerData: z.record(z.string(), z.unknown()),
  displayName: z.string().optional(),
  orgId: z.string().optional(),
  screensharingExtensions: z.object({ chrome: z.string() }),
}).openapi("ClientConfig");

const guestConfig = createRoute({
  method: "post",
  path: "/config/guest",
  summary: "A new guest session",
  tags: ["client"],
  request: {
    body: {
      content: {
        "application/json": {
          schema: z.looseObject({
            clientVersion: z.string().max(255).optional(),
            token: z.string().optional(),
          }),
        },
      },
    },
  },
  responses: {
    200: { description: "The session", content: { "application/json": { schema: ClientConfig } } },
    ...problemResponses("invalid_request", "unavailable"),
  },
});

const roomConfig = createRoute({
  method: "post",
  path: "/rooms/config",
  summary: "The address of a room",
  tags: ["client"],
  security: [{ session: [] }],
  request: { body: { content: { "application/json": { schema: z.looseObject({ name: z.string() }) } } } },
  responses: {
    200: {
      description: "The room's JID, normalised",
      content: {
        "application/json": { schema: z.object({ roomAddress: z.string() }).openapi("RoomConfig") },
      },
    },
    ...problemResponses("invalid_request", "unauthorized"),
  },
});

/** Routes for Talky clients. */
export function clientRoutes(dependencies: Dependencies): OpenAPIHono {
  const { keys, database, xmpp, publicUrl } = dependencies;
  const hosts = xmppHosts(xmpp.domain);
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  for (const path of ["/config/*", "/rooms/config"]) app.post(path, limitBody(largestBody), asJson);

  app.openapi(guestConfig, async (c) => {
    const id = crypto.randomUUID();
    const userId = `${crypto.randomUUID()}@${hosts.guests}`;
    const credential = await signCredential(keys, { sessionid: id, userid: userId }, credentialLifetime);
    await addUser(database(c), { sessionid: id, userid: userId, ...parseDevice(c.req.header("user-agent")) });
    return c.json({
      apiVersion: "1",
      id,
      userId,
      credential,
      signalingUrl: xmpp.publicUrl,
      roomConfigUrl: `${publicUrl}/rooms/config`,
      telemetryUrl: `${publicUrl}/telemetry`,
      iceServers: [],
      customerData: {},
      screensharingExtensions: { chrome: "" },
    }, 200);
  });

  app.openapi(roomConfig, async (c) => {
    const token = bearerToken(c);
    if (!token || !await verifyCredential(keys, token)) {
      throw new ProblemError("unauthorized", "send the session's credential: Authorization: Bearer …");
    }
    const name = normaliseRoomName(c.req.valid("json").name);
    if (name === null) {
      throw new ProblemError(
        "invalid_request",
        "json.name: not a room's name: 1 to 1,023 bytes, without spaces, control characters and \" & ' / : < > @",
      );
    }
    return c.json({ roomAddress: `${name}@${hosts.rooms}` }, 200);
  });
  return app;
}

// ---

/**
 * Bodies arrive as `text/plain`, so that browsers need no preflight; they are JSON all the same. An empty
 * one says nothing, as `{}` does.
 */
async function asJson(c: Context, next: () => Promise<void>): Promise<void> {
  const headers = new Headers(c.req.raw.headers);
  headers.set("content-type", "application/json");
  const body = (await c.req.raw.text()).trim() || "{}";
  c.req.raw = new Request(c.req.url, { method: "POST", headers, body });
  await next();
}
