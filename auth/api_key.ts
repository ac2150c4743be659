/**
 * API keys: what operators' programs show as their token. `tk_`, the key's id, `_`, and a secret of 192 random
 * bits. The service keeps a SHA-256 of the whole; that is enough, for what is random cannot be guessed from a list
 * (ADR 0016).
 *
 * @module
 */
import type { View } from "../events/view.ts";
import type { Scope } from "./operator.ts";

/** A new key: what is shown, once, and what is kept. */
export interface NewApiKey {
  readonly id: string;
  readonly token: string;
  /** SHA-256 of the token, in hex. */
  readonly hash: string;
}

/** A key as the database has it. */
export interface ApiKey {
  readonly id: string;
  readonly hash: string;
  readonly scope: Scope;
  readonly view: View;
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number;
}

/** Makes a key. */
export async function makeApiKey(): Promise<NewApiKey> {
  const id = randomText(9);
  const token = `tk_${id}_${randomText(24)}`;
  return { id, token, hash: await hashToken(token) };
}

/** The id in a token that has the form of a key; null for any other. */
export function apiKeyId(token: string): string | null {
  return /^tk_([A-Za-z0-9]{12})_[A-Za-z0-9]{32}$/.exec(token)?.[1] ?? null;
}

/** SHA-256 of a token, in hex. */
export async function hashToken(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))).toHex();
}

/** Makes a ticket for one request's URL (`tt_` and 192 random bits), and what is kept of it. */
export async function makeTicket(): Promise<{ readonly ticket: string; readonly hash: string }> {
  const ticket = `tt_${randomText(24)}`;
  return { ticket, hash: await hashToken(ticket) };
}

/** Whether two hashes are the same; takes as long wherever they differ. */
export function sameHash(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}

// ---

/** Random bytes as letters and digits, four for every three bytes: what a URL and a double click take whole. */
function randomText(bytes: number): string {
  const length = bytes / 3 * 4;
  let text = "";
  while (text.length < length) {
    // Bytes from 248 on would make the first letters likelier than the others.
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  }
  return text;
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
