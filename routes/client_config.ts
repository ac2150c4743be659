/**
 * What a Talky client asks before a call: its identity and where things are. The contract of the public
 * SDK (`@andyet/simplewebrtc`), which sends JSON as `text/plain`.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type AppIdentity, type AppTokenRules, BadAppToken, verifyAppToken } from "../auth/app_token.ts";
import { readCredential, signCredential } from "../auth/credential.ts";
import { userNode } from "../auth/node.ts";
import { maxStanzaBytes, xmppHosts } from "../config.ts";
import { keepRoomName } from "../db/room_names.ts";
import { addUser } from "../db/users.ts";
import { parseDevice } from "../ingest/device.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { anyone, session } from "./guard.ts";
import { iceServersFor } from "./ice_servers.ts";
import { callerAddress, noLimits, spend } from "./limits.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { type Identity, returningGuest } from "./returning_guest.ts";
import { readRoomName } from "./room_name.ts";

/** How long a credential lasts, in seconds: longer than any call. */
const credentialLifetime = 24 * 60 * 60;

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
  maxStanzaBytes: z.int().openapi({
    description:
      "Most bytes of a stanza as it is sent, in UTF-8 with its markup. A longer one is answered with " +
      "a stanza error, `policy-violation` with `stanza-too-big`, and goes nowhere; the connection lives on.",
  }),
  orgId: z.string().openapi({ description: "By the application's token; empty where it names none" }),
  screensharingExtensions: z.object({ chrome: z.string() }),
}).openapi("ClientConfig");

const configured = {
  responses: {
    200: { description: "The session", content: { "application/json": { schema: ClientConfig } } },
  },
  problems: ["token_refused", "unavailable"],
} as const;

const guestConfig = contract({
  method: "post",
  path: "/config/guest",
  operationId: "createGuestSession",
  access: anyone,
  summary: "A new session of a guest",
  tags: ["client"],
  request: {
    body: {
      content: {
        "application/json": {
          schema: z.looseObject({
            clientVersion: z.string().max(255).nullish(),
            token: z.string().nullish().openapi({
              description:
                "JWT of the application; its claims become customerData. Or the credential of an " +
                "earlier session of a guest, which goes on or ended less than ten minutes ago: the guest comes " +
                "back, with the same userId and customerData. Later it is a guest like any other",
            }),
          }),
        },
      },
    },
  },
  ...configured,
});

const userConfig = contract({
  method: "post",
  path: "/config/user",
  operationId: "createUserSession",
  access: anyone,
  summary: "A new session of a user whom the application vouches for",
  tags: ["client"],
  request: {
    body: {
      required: true,
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
  ...configured,
});

const roomConfig = contract({
  method: "post",
  path: "/rooms/config",
  operationId: "getRoomAddress",
  access: session,
  summary: "The address of a room",
  tags: ["client"],
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.looseObject({
            name: z.string().openapi({
              description: "As people write it, emoji and spaces as well; no control characters",
            }),
          }),
        },
      },
    },
  },
  responses: {
    200: {
      description: "The room's JID, one for every way to write its name (ADR 0011)",
      content: {
        "application/json": { schema: z.object({ roomAddress: z.string() }).openapi("RoomConfig") },
      },
    },
  },
});

/** Routes for Talky clients. */
export function clientRoutes(dependencies: Dependencies): OpenAPIHono {
  const { keys, appTokens, database, ice, xmpp, publicUrl, limits = noLimits } = dependencies;
  const hosts = xmppHosts(xmpp.domain);
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  async function beginSession(c: Context, userId: string, identity?: Identity) {
    await spend(limits, "sessions", callerAddress(c), { what: "new sessions from this address" });
    const id = crypto.randomUUID();
    const customerData = { ...identity?.customerData };
    const [credential, iceServers] = await Promise.all([
      signCredential(
        keys,
        { sessionid: id, userid: userId, customerData: Object.keys(customerData).length > 0 },
        credentialLifetime,
      ),
      iceServersFor(ice, id),
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
      maxStanzaBytes,
      ...(identity?.displayName && { displayName: identity.displayName }),
      orgId: identity?.orgId ?? "",
      screensharingExtensions: { chrome: "" },
    }, 200);
  }

  app.openapi(guestConfig, async (c) => {
    const { token } = c.req.valid("json");
    const stranger = `${crypto.randomUUID()}@${hosts.guests}`;
    if (!token) return await beginSession(c, stranger);
    const earlier = await readCredential(keys, token);
    if (!earlier) return await beginSession(c, stranger, await readAppToken(appTokens, token));
    const guest = await returningGuest(database(c), earlier, hosts.guests);
    return await beginSession(c, guest?.userid ?? stranger, guest?.identity);
  });

  app.openapi(userConfig, async (c) => {
    const identity = await readAppToken(appTokens, c.req.valid("json").token);
    if (identity.subject === undefined) {
      throw new ProblemError("token_refused", "the token has no `sub` to say who the user is");
    }
    return await beginSession(c, `${await userNode(identity.subject)}@${hosts.users}`, identity);
  });

  app.openapi(roomConfig, async (c) => {
    const { sessionid } = c.get("session");
    const { name } = c.req.valid("json");
    const node = readRoomName(name, "json.name");
    await keepRoomName(database(c), { sessionid, node, name });
    return c.json({ roomAddress: `${node}@${hosts.rooms}` }, 200);
  });
  return app;
}

// ---

async function readAppToken(rules: AppTokenRules | undefined, token: string): Promise<AppIdentity> {
  if (!rules) {
    throw new ProblemError("token_refused", "this service has no TALKY_APP_KEY to check tokens with");
  }
  try {
    return await verifyAppToken(rules, token);
  } catch (error) {
    if (error instanceof BadAppToken) throw new ProblemError("token_refused", error.message);
    throw error;
  }
}
