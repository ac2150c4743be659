/**
 * ICE servers for clients: STUN as configured, TURN with credentials that end by themselves (coturn's
 * `use-auth-secret`, draft-uberti-behave-turn-rest).
 *
 * @module
 */
import type { IceServerAddress } from "../config.ts";

/** An ICE server in the shape that the SDK reads. */
export interface IceServer {
  readonly host: string;
  readonly port: string;
  /** `stun`, `stuns`, `turn` or `turns`. */
  readonly type: string;
  readonly transport?: string;
  readonly username?: string;
  readonly password?: string;
}

export interface IceSettings {
  readonly stun: readonly IceServerAddress[];
  readonly turn: readonly IceServerAddress[];
  /** coturn's static-auth-secret; set where `turn` is. */
  readonly turnSecret: string | undefined;
  /** How long TURN credentials last, in seconds: from the request for a configuration to a client's last new peer. */
  readonly turnLifetime: number;
}

/**
 * The servers for a session. The SDK asks once a connection to Prosody and has the answer for every peer that comes
 * later, so credentials last for as long as newcomers should reach those who were there before; what is allocated
 * with them outlives them (ADR 0017).
 */
export async function iceServersFor(ice: IceSettings, sessionid: string): Promise<IceServer[]> {
  if (ice.turn.length === 0 || !ice.turnSecret) return [...ice.stun];
  const username = `${Math.floor(Date.now() / 1000) + ice.turnLifetime}:${sessionid}`;
  const password = await turnPassword(ice.turnSecret, username);
  return [...ice.stun, ...ice.turn.map((server) => ({ ...server, username, password }))];
}

// ---

async function turnPassword(secret: string, username: string): Promise<string> {
  const text = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    text.encode(secret),
    { name: "HMAC", hash: "SHA-1" },
    false,
    ["sign"],
  );
  const mac = await crypto.subtle.sign("HMAC", key, text.encode(username));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}
