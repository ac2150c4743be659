/**
 * Settings of how much one may take. Rates are per second; a budget holds some seconds' worth, so that what comes
 * in bursts (a class that joins at nine) is not refused. The defaults are such that forty people behind one address
 * never meet them, and one client cannot take the service from the others (ADR 0017).
 *
 * @module
 */
import { z } from "zod";

const rate = (byDefault: number) =>
  z.string().refine((value) => value === "off" || /^\d{1,12}$/.test(value) && Number(value) >= 1, {
    error: "must be a whole number from 1, or off",
  }).transform((value) => value === "off" ? Infinity : Number(value)).default(byDefault);

const seconds = (least: number, most: number) =>
  z.string().refine((value) => /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most, {
    error: `must be a whole number of seconds from ${least} to ${most}`,
  }).transform(Number);

/** An address or a network (`10.0.0.0/8`); several with commas. */
const networks = z.string().transform((value, context): string[] => {
  const list = value.split(",").map((part) => part.trim()).filter(Boolean);
  const wrong = list.find((network) => !isNetwork(network));
  if (wrong === undefined) return list;
  context.addIssue(`must be addresses or networks such as 10.0.0.0/8, several separated by commas`);
  return z.NEVER;
});

/** The settings' names, defaults and checks. */
export const limitSettings = {
  TALKY_TRUSTED_PROXIES: networks.default([]),
  TALKY_LIMIT_REQUESTS: rate(200),
  TALKY_LIMIT_TOKEN_REQUESTS: rate(2000),
  TALKY_LIMIT_SESSIONS: rate(40),
  TALKY_LIMIT_FAILURES: rate(40),
  TALKY_LIMIT_TELEMETRY: rate(64 * 1024),
  TALKY_LIMIT_EXPORTS: rate(16 * 1024 * 1024),
  TALKY_LIMIT_CONNECTIONS: rate(1000),
  TALKY_LIMIT_STREAMS: rate(1000),
  TALKY_TURN_LIFETIME: seconds(60, 7 * 24 * 60 * 60).default(4 * 60 * 60),
};

/** How much one may take. `Infinity` where there is no limit. */
export interface LimitSettings {
  /** Requests a second of an address. */
  readonly requests: number;
  /** Requests a second of an operator's token. */
  readonly tokenRequests: number;
  /** New sessions a second of an address. */
  readonly sessions: number;
  /** Refusals for want of a good token, a second, of an address. */
  readonly failures: number;
  /** Bytes of telemetry a second, of a session; of an address, sixteen times as much. */
  readonly telemetry: number;
  /** Bytes of exports a second, of an operator's token. */
  readonly exports: number;
  /** Connections that an address has at once. */
  readonly connections: number;
  /** Readers of the stream that a token has at once. */
  readonly streams: number;
}

/** Picks the limits out of the settings' values. */
export function readLimits(values: z.infer<z.ZodObject<typeof limitSettings>>): LimitSettings {
  return {
    requests: values.TALKY_LIMIT_REQUESTS,
    tokenRequests: values.TALKY_LIMIT_TOKEN_REQUESTS,
    sessions: values.TALKY_LIMIT_SESSIONS,
    failures: values.TALKY_LIMIT_FAILURES,
    telemetry: values.TALKY_LIMIT_TELEMETRY,
    exports: values.TALKY_LIMIT_EXPORTS,
    connections: values.TALKY_LIMIT_CONNECTIONS,
    streams: values.TALKY_LIMIT_STREAMS,
  };
}

// ---

function isNetwork(text: string): boolean {
  const [, address, bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  if (!address) return false;
  const isSix = address.includes(":");
  if (bits !== undefined && Number(bits) > (isSix ? 128 : 32)) return false;
  return isSix
    ? URL.canParse(`http://[${address}]`)
    : /^\d+(\.\d+){3}$/.test(address) && address.split(".").every((part) => Number(part) <= 255);
}
