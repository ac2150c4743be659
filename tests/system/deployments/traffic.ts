/**
 * Clients of a service, while its database is away or half there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { signCredential } from "../../../auth/credential.ts";
import type { Keys } from "../../../auth/keys.ts";
import { ada, bob, daily } from "../../routes/a_call.ts";
import { assertProblem } from "../../routes/problems.ts";

/** Clients that report measurements, each until it is accepted. */
export interface Reporters extends AsyncDisposable {
  /** How many measurements were accepted so far. */
  accepted(): number;
  /** The longest answer so far, in milliseconds. */
  longest(): number;
  /** Lets everybody finish what they have begun. Returns how many there were: 0 to that, each accepted once. */
  finish(): Promise<number>;
}

/** Starts clients that report to a service. */
export async function startReporters(
  url: string,
  keys: Keys,
  domain: string,
  people = 8,
): Promise<Reporters> {
  const identity = { sessionid: ada, userid: `ada@guests.${domain}` };
  const credential = await signCredential(keys, identity, 3600);
  const stopped = new AbortController();
  let [going, begun, accepted, longest] = [true, 0, 0, 0];

  async function report(n: number): Promise<void> {
    while (!stopped.signal.aborted) {
      const began = performance.now();
      const response = await fetch(`${url}/telemetry`, {
        method: "POST",
        body: JSON.stringify({ batch: [{ room_id: daily, peer_id: bob, data: { n } }] }),
        headers: { authorization: `Bearer ${credential}`, "idempotency-key": `report ${n}` },
        signal: stopped.signal,
      });
      longest = Math.max(longest, performance.now() - began);
      if (response.status === 202) {
        assert.equal((await response.json()).accepted, 1);
        accepted++;
        return;
      }
      assert.ok(Number(response.headers.get("retry-after")) > 0);
      // They report as fast as they can, which on a machine with nothing else to do is more than one may.
      await assertProblem(response, response.status === 429 ? "too_many_requests" : "unavailable");
      await delay(100);
    }
  }

  const reporters = Array.from({ length: people }, async () => {
    while (going && !stopped.signal.aborted) await report(begun++);
  });
  const all = Promise.all(reporters);
  // Who asks hears of it; until then it must not end the run.
  let failure: { reason: unknown } | undefined;
  all.catch((reason) => failure = { reason });
  return {
    accepted() {
      if (failure) throw failure.reason;
      return accepted;
    },
    longest: () => longest,
    async finish() {
      going = false;
      await all;
      return begun;
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.allSettled(reporters);
    },
  };
}
