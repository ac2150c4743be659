/**
 * From a User-Agent to what the users table shows of it.
 *
 * @module
 */
import Bowser from "bowser";
import type { Device } from "../events/submission.ts";

/** Longest User-Agent that is kept, in characters. */
const longest = 1024;

/** Parses a User-Agent header. Phones and tablets are `mobile`, all else is a `browser`. */
export function parseDevice(useragent: string | undefined): Device {
  const text = (useragent ?? "").slice(0, longest);
  if (text === "") return { type: "browser", os: "", browser: "", useragent: "" };
  const { os, browser, platform } = Bowser.parse(text);
  return {
    type: platform.type === "mobile" || platform.type === "tablet" ? "mobile" : "browser",
    os: join(os.name, os.version),
    browser: join(browser.name, browser.version),
    useragent: text,
  };
}

// ---

function join(...parts: (string | undefined)[]): string {
  return parts.filter(Boolean).join(" ");
}
