/**
 * A test against a Prosody of its own that says, step by step, exactly which records come.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import type { SourceRecord } from "../../events/record.ts";
import type { ProsodyConfigOptions } from "../../prosody/config.ts";
import { type TestProsody, testProsody } from "../harness/prosody.ts";
import { type ProsodyRelease, prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { hosts, ingest, join, type Session, Subscriber } from "./xmpp.ts";

/** What a scenario is played with. */
export interface Stage {
  readonly prosody: TestProsody;
  readonly release: ProsodyRelease;
  readonly subscriber: Subscriber;
  /** Logs in a guest for each letter. */
  people<const Letters extends readonly string[]>(
    ...letters: Letters
  ): Promise<{ [index in keyof Letters]: Session }>;
  /** Exactly these records come next, and no more. */
  expect(...lines: string[]): Promise<void>;
}

/** Defines a test for each release of Prosody, which begins after `epoch_started`. */
export function scenario(
  name: string,
  play: (stage: Stage) => Promise<void>,
  overrides: Partial<ProsodyConfigOptions> = {},
): void {
  prosodyTest(name, async (release) => {
    await using prosody = await testProsody(overrides, release);
    const names = new Map<string, string>();
    const subscriber = new Subscriber(await ingest(prosody, "api"));
    await subscriber.subscribe();
    await until("the epoch", () => subscriber.records[0]?.type === "epoch_started");
    let seen = 1;
    const expect = async (...lines: string[]) => {
      const enough = () => subscriber.records.length >= seen + lines.length;
      // Too few is for the comparison to say.
      await until("enough records", enough, { interval: 2, timeout: 3000 }).catch(() => {});
      await until("no more records", async () => await subscriber.pending() === 0, { interval: 2 });
      assert.deepEqual(subscriber.records.slice(seen).map((record) => line(record, names)), lines);
      seen = subscriber.records.length;
    };
    await play({
      prosody,
      release,
      subscriber,
      expect,
      async people<const Letters extends readonly string[]>(...letters: Letters) {
        const sessions: Session[] = [];
        for (const letter of letters) {
          const session = await join(prosody, nodeOf(letter));
          // As the SDK does: who has shown presence leaves rooms another way than who has not.
          await session.client.send(xml("presence"));
          names.set(session.id, letter);
          sessions.push(session);
        }
        return sessions as { [index in keyof Letters]: Session };
      },
    });
  });
}

/** The record of a guest's session. */
export function started(letter: string): string {
  const data = { useragent: `Deno/${Deno.version.deno}`, userid: `${nodeOf(letter)}@${hosts.guests}` };
  return `session_started ${letter} ${JSON.stringify(data)}`;
}

/** The record of a guest's joining; the creator of a room joins as its owner. */
export function joined(letter: string, affiliation: "none" | "owner" = "none"): string {
  const role = affiliation === "owner" ? "moderator" : "participant";
  return `occupant_joined ${letter} ${
    JSON.stringify({ affiliation, role, userid: `${nodeOf(letter)}@${hosts.guests}` })
  }`;
}

// ---

/** A record in a line: type, who by letter, and the data. */
function line(record: SourceRecord, names: Map<string, string>): string {
  const who = (id?: string) => id === undefined ? "" : ` ${names.get(id) ?? id}`;
  const at = record as { actor?: string; peer?: string };
  const data = Object.keys(record.data).length === 0
    ? ""
    : ` ${JSON.stringify(record.data, Object.keys(record.data).sort())}`;
  return record.type + who(at.actor) + who(at.peer) + data;
}

function nodeOf(letter: string): string {
  return `guest-${letter.toLowerCase()}`;
}
