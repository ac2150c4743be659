import { kill } from "../../../local/process.ts";
import { type Outcome, simulate } from "../../../proof/simulate/simulation.ts";
import { assertTruth, read } from "../end_to_end/truth.ts";
import { testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import { type TestService, testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";

/** Slow enough that what happens to the API falls in its middle, however fast the machine. */
const plan = { rooms: 5, people: 4, minutes: 0, pace: 100, seed: "takeover" };

/** Of the contract: within 10 s; and some for the machine. */
const takeover = { timeout: 15_000 };

Deno.test("the fed instance killed: the other one is fed, and everything arrives once", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  await using one = await testService({ database, prosody });
  await using two = await testService({ database, prosody });
  const [fed, waiting] = await byTurn(one, two);

  const running = simulate({ ...plan, url: waiting.url });
  running.catch(() => {});
  await stores(waiting, 50);
  await fed.kill("SIGKILL");
  await until("the other is fed", () => isFed(waiting), takeover);
  await assertTruth(waiting, await running);
});

Deno.test("the fed instance hangs: the other takes over, and what it does on waking doubles nothing", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  await using one = await testService({ database, prosody });
  await using two = await testService({ database, prosody });
  const outcomes: Outcome[] = [];
  let [fed, waiting] = await byTurn(one, two);

  // Each hangs in turn, so that hangs fall into many states of storing.
  for (let turn = 0; turn < 2; turn++) {
    // Who has just woken may have to look around first.
    await until("it is ready", () => isReady(waiting), takeover);
    const running = simulate({ ...plan, seed: `takeover-${turn}`, url: waiting.url });
    running.catch(() => {});
    await stores(waiting, 50);
    kill(fed.pid, "SIGSTOP");
    try {
      await stores(waiting, 50);
    } finally {
      kill(fed.pid, "SIGCONT");
    }
    outcomes.push(await running);
    [fed, waiting] = [waiting, fed];
  }
  for (const service of [one, two]) await until("it is ready", () => isReady(service), { timeout: 20_000 });
  await assertTruth(one, { ...outcomes[0]!, rooms: outcomes.flatMap(({ rooms }) => rooms) });
});

// ---

interface Readiness {
  readonly checks: { readonly prosody: { readonly active: boolean }; readonly database: { head: number } };
}

/** First the one that Prosody feeds, then the one that waits. */
async function byTurn(one: TestService, two: TestService): Promise<[TestService, TestService]> {
  await until(
    "one is fed and both are ready",
    async () => await isReady(one) && await isReady(two) && await isFed(one) !== await isFed(two),
  );
  return await isFed(one) ? [one, two] : [two, one];
}

async function isReady(service: TestService): Promise<boolean> {
  const response = await fetch(`${service.url}/readyz`);
  await response.body?.cancel();
  return response.ok;
}

async function isFed(service: TestService): Promise<boolean> {
  return (await read<Readiness>(service, "/readyz")).checks.prosody.active;
}

async function head(service: TestService): Promise<number> {
  // It knows, ready or not.
  const readiness: Readiness = await (await fetch(`${service.url}/readyz`)).json();
  return readiness.checks.database.head;
}

/** Waits until the log has grown by so many events, whoever stores them. */
async function stores(service: TestService, more: number): Promise<void> {
  const before = await head(service);
  await until("events are stored", async () => await head(service) >= before + more, takeover);
}
