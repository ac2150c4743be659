/**
 * Somebody on the demo page, with the unmodified SDK: does what a person does, by the names of the controls.
 *
 * @module
 */
import type { Browser, Page } from "playwright-core";

/** A person who tries to enter a room, or is in it. */
export class Participant {
  private constructor(
    readonly name: string,
    readonly page: Page,
    /** The session of the page's last loading. */
    readonly sessionid: string,
  ) {}

  /** Opens the page in a context of its own, which accepts any certificate. `url` is the service's. */
  static async open(
    browser: Browser,
    url: string,
    room: string,
    name: string,
    onSocket: (url: string) => void = () => {},
  ): Promise<Participant> {
    const context = await browser.newContext({ ignoreHTTPSErrors: url.startsWith("https:") });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    await page.addInitScript(rememberSockets);
    page.on("websocket", (socket) => onSocket(socket.url()));
    const address = `${url}/demo?${new URLSearchParams({ room, name })}`;
    return new Participant(name, page, await sessionOf(page, () => page.goto(address)));
  }

  /** Opens the page and waits until the room is entered. */
  static async join(browser: Browser, url: string, room: string, name: string): Promise<Participant> {
    const participant = await Participant.open(browser, url, room, name);
    await participant.entered();
    return participant;
  }

  /** Loads the page again: the same person in a new session. */
  async reload(): Promise<Participant> {
    const sessionid = await sessionOf(this.page, () => this.page.reload());
    return new Participant(this.name, this.page, sessionid);
  }

  /** Breaks the page's connections to Prosody, as a network does. The SDK connects again in a new session. */
  async losesConnection(): Promise<Participant> {
    const sessionid = await sessionOf(this.page, () => this.page.evaluate(closeSockets));
    return new Participant(this.name, this.page, sessionid);
  }

  async entered(): Promise<void> {
    await this.page.getByRole("toolbar", { name: "Your media" }).waitFor();
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole("button", { name: button, exact: true }).click();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel("Message").fill(text);
    await this.press("Send");
  }

  /** Types without sending. */
  async type(text: string): Promise<void> {
    await this.page.getByLabel("Message").pressSequentially(text);
  }

  async useRealTimeText(enabled: boolean): Promise<void> {
    await this.page.getByLabel("real-time text").setChecked(enabled);
  }

  async lock(password: string): Promise<void> {
    await this.page.getByLabel("Room password").fill(password);
    await this.press("Lock");
  }

  /** Answers the question for the password of a locked room. */
  async answer(password: string): Promise<void> {
    await this.page.getByLabel("Password").fill(password);
    await this.press("Join");
  }

  /** Waits until the page shows a text. */
  async sees(text: string): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Waits until the tile of somebody shows a text. */
  async seesOn(name: string, text: string): Promise<void> {
    await this.page.getByRole("figure", { name, exact: true }).getByText(text).waitFor();
  }

  /** Waits until pictures of somebody's camera move. */
  async watches(name: string): Promise<void> {
    const tile = this.page.getByRole("figure", { name, exact: true });
    const video = await tile.locator("video").elementHandle();
    await this.page.waitForFunction((element) => (element as HTMLVideoElement).currentTime > 0.2, video);
  }

  /** The types in the page's own panel of events. */
  eventsShown(): Promise<string[]> {
    return this.page.locator(".events code").allTextContents();
  }
}

// ---

/** Run in the page before its own scripts: keeps its XMPP connections where {@link closeSockets} finds them. */
const rememberSockets = `
  const Native = WebSocket;
  globalThis.xmppSockets = [];
  globalThis.WebSocket = class extends Native {
    constructor(url, protocols) {
      super(url, protocols);
      if ([protocols].flat().includes("xmpp")) xmppSockets.push(this);
    }
  };`;
const closeSockets = `for (const socket of xmppSockets.splice(0)) socket.close();`;

/** The session that the page gets while it loads. */
async function sessionOf(page: Page, load: () => Promise<unknown>): Promise<string> {
  const [response] = await Promise.all([page.waitForResponse("**/config/guest"), load()]);
  return (await response.json()).id;
}
