/**
 * What a Talky client asks before a call: its identity and where things are. The contract of the public
 * SDK (`@andyet/simplewebrtc`), which sends JSON as `text/plain`.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type AppIdentity, BadAppToken, verifyAppToken } from "../auth/app_token.ts";
import { signCredential, verifyCredential } from "../auth/credential.ts";
import { nodeFor } from "../auth/node.ts";
import { nodeprep } from "../auth/nodeprep.ts";
import { xmppHosts } from "../config.ts";
import { addUser } from "../db/users.ts";
import { parseDevice } from "../ingest/device.ts";
import type { Dependencies } from "./dependencies.ts";
import { iceServersFor } from "./ice_servers.ts";
import { bearerToken } from "./operator.ts";
import { onInvalid, ProblemError, problemResponses } from "./problem.ts";
import { acceptTextAsJson, limitBody } from "./request_body.ts";

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
  orgId: z.string().openapi({ description: "By the application's token; empty where it names none" }),
  screensharingExtensions: z.object({ chrome: z.string() }),
}).openapi("ClientConfig");

const configured = {
  200: { description: "The session", content: { "application/json": { schema: ClientConfig } } },
  ...problemResponses("invalid_request", "token_refused", "too_large", "unavailable"),
};

const guestConfig = createRoute({
  method: "post",
  path: "/config/guest",
  summary: "A new session of a guest",
  tags: ["client"],
  request: {
    body: {
      content: {
        "application/json": {
          schema: z.looseObject({
            clientVersion: z.string().max(255).nullish(),
            token: z.string().nullish().openapi({
              description: "JWT of the application; its claims become customerData",
            }),
          }),
        },
      },
    },
  },
  responses: configured,
});

const userConfig = createRoute({
  method: "post",
  path: "/config/user",
  summary: "A new session of a user whom the application vouches for",
  tags: ["client"],
  request: {
    body: {
      content: {
        "application/json": {
          schema: z.looseObject({
            clientVersion: z.string().max(255).nullish(),
            token: z.string({ error: "takes a JWT signed with the application's key" })
              .openapi({ description: "JWT of the application; `sub` is the user" }),
          }),
        },
      },
    },
  },
  responses: configured,
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
    ...problemResponses("invalid_request", "unauthorized", "too_large"),
  },
});

/** Routes for Talky clients. */
export function clientRoutes(dependencies: Dependencies): OpenAPIHono {
  const { keys, appKey, database, ice, xmpp, publicUrl } = dependencies;
  const hosts = xmppHosts(xmpp.domain);
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  for (const path of ["/config/*", "/rooms/config"]) app.post(path, limitBody(largestBody), acceptTextAsJson);

  async function beginSession(c: Context, userId: string, identity: AppIdentity | undefined) {
    const id = crypto.randomUUID();
    const customerData = { ...identity?.customerData };
    const [credential, iceServers] = await Promise.all([
      signCredential(
        keys,
        { sessionid: id, userid: userId, customerData: Object.keys(customerData).length > 0 },
        credentialLifetime,
      ),
      iceServersFor(ice, id, credentialLifetime),
    ]);
    const device = parseDevice(c.req.header("user-agent"));
    await addUser(database(c), {
      sessionid: id,
      userid: userId,
      ...device,
      lifetime: credentialLifetime,
      customerData,
    });
    return c.json({
      apiVersion: "1",
      id,
      userId,
      credential,
      signalingUrl: xmpp.publicUrl,
      roomConfigUrl: `${publicUrl}/rooms/config`,
      telemetryUrl: `${publicUrl}/telemetry`,
      iceServers,
      customerData,
      ...(identity?.displayName && { displayName: identity.displayName }),
      orgId: identity?.orgId ?? "",
      screensharingExtensions: { chrome: "" },
    }, 200);
  }

  app.openapi(guestConfig, async (c) => {
    const { token } = c.req.valid("json");
    const identity = token ? await readAppToken(appKey, token) : undefined;
    return await beginSession(c, `${crypto.randomUUID()}@${hosts.guests}`, identity);
  });

  app.openapi(userConfig, async (c) => {
    const identity = await readAppToken(appKey, c.req.valid("json").token);
    const node = nodeFor(identity.subject ?? "");
    if (node === null) {
      throw new ProblemError("token_refused", "the token has no `sub` that can be the node of a JID");
    }
    return await beginSession(c, `${node}@${hosts.users}`, identity);
  });

  app.openapi(roomConfig, async (c) => {
    if (!await verifyCredential(keys, bearerToken(c) ?? "")) {
      throw new ProblemError("unauthorized", "send the session's credential: Authorization: Bearer …");
    }
    const name = nodeprep(c.req.valid("json").name);
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

async function readAppToken(appKey: string | undefined, token: string): Promise<AppIdentity> {
  if (!appKey) {
    throw new ProblemError("token_refused", "this service has no TALKY_APP_KEY to check tokens with");
  }
  try {
    return await verifyAppToken(appKey, token);
  } catch (error) {
    if (error instanceof BadAppToken) throw new ProblemError("token_refused", error.message);
    throw error;
  }
}
