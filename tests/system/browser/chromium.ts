/**
 * Chromium for tests: Debian's, with a camera and a microphone that are made up, and a screen to share.
 *
 * @module
 */
import { type Browser, chromium } from "playwright-core";
import { findProgram } from "../../../local/find_program.ts";

const program = await findProgram("chromium") ?? await findProgram("google-chrome");

/** A test that needs Chromium; where there is none it is skipped, and says so. */
export function browserTest(name: string, test: () => Promise<void>): void {
  if (!program) console.log(`skipped: ${name}: Chromium is not installed (apt-get install chromium)`);
  // Playwright keeps timers and pipes of its own.
  Deno.test({ name, ignore: !program, sanitizeOps: false, sanitizeResources: false, fn: test });
}

/** A browser that ends with its scope. */
export async function startBrowser(): Promise<Browser & AsyncDisposable> {
  return await chromium.launch(launchOptions());
}

/** A browser as a process of its own, to be stopped like one. */
export interface BrowserProcess extends AsyncDisposable {
  readonly browser: Browser;
  /** Stops the whole browser where it is: it keeps its connections and says nothing more. */
  freeze(): void;
}

/** Starts one. */
export async function startBrowserProcess(): Promise<BrowserProcess> {
  const server = await chromium.launchServer(launchOptions());
  const browser = await chromium.connect(server.wsEndpoint());
  return {
    browser,
    // Playwright makes it the leader of a process group.
    freeze: () => Deno.kill(-server.process().pid!, "SIGSTOP"),
    [Symbol.asyncDispose]: () => server.kill(),
  };
}

// ---

function launchOptions() {
  return {
    executablePath: program!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      // Addresses as they are: there is no mDNS between the browser and itself.
      "--disable-features=WebRtcHideLocalIpsWithMdns",
    ],
  };
}
