/**
 * From a User-Agent to what the users table shows of it.
 *
 * @module
 */
import Bowser from "bowser";

/** What a session runs on. Empty strings where the User-Agent does not say. */
export interface Device {
  readonly type: "browser" | "mobile";
  /** Name and version, e.g. `Windows 10`. */
  readonly os: string;
  /** Name and version, e.g. `Chrome 140.0.0.0`. */
  readonly browser: string;
  readonly useragent: string;
}

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
