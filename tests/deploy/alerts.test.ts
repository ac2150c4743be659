import assert from "node:assert/strict";
import { findProgram } from "../../local/find_program.ts";
import { testDatabase } from "../harness/database.ts";
import { testProsody } from "../harness/prosody.ts";
import { testService } from "../harness/service.ts";
import { until } from "../harness/wait.ts";
import { enter, say } from "../prosody/stanzas.ts";
import { join } from "../prosody/xmpp.ts";
import { xml } from "@xmpp/client";

const rules = await Deno.readTextFile("deploy/alerts.yml");
const dashboard = await Deno.readTextFile("deploy/grafana.json");
const page = await Deno.readTextFile("docs/operations.md");
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);

/** Names of metrics in a text, without what a histogram adds to its own. */
function metricsIn(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/\btalky_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, "")),
  );
}

const promtool = await findProgram("promtool");
if (!promtool && Deno.env.get("CI")) throw new Error("promtool is not installed: apt-get install prometheus");

for (
  const args of [["check", "rules", "deploy/alerts.yml"], ["test", "rules", "tests/deploy/alerts_test.yml"]]
) {
  Deno.test({
    name: `promtool ${args.join(" ")}`,
    ignore: !promtool,
    async fn() {
      const { success, stdout, stderr } = await new Deno.Command(promtool!, { args }).output();
      assert.ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
    },
  });
}

Deno.test("each alert has its heading, and a test that it fires and one that it does not", async () => {
  assert.ok(alerts.length > 10);
  assert.deepEqual([...page.matchAll(/^### (Talky\w+)$/gm)].map(([, name]) => name), alerts);
  const tests = await Deno.readTextFile("tests/deploy/alerts_test.yml");
  for (const alert of alerts) {
    assert.match(tests, new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n +- exp_labels`), alert);
    assert.match(tests, new RegExp(`alertname: ${alert} }`), alert);
  }
});

Deno.test({
  name: "the service has every metric that page, rules and dashboard name, and none that the page does not",
  // Sockets that Prosody closes are gone a little after the test.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using database = await testDatabase();
    await using prosody = await testProsody();
    await using service = await testService({ database, prosody });
    const ada = await join(prosody, "ada");
    await enter(ada);
    await say(ada, xml("body", {}, "hello"));
    const read = async () => await (await fetch(`${service.url}/metrics`)).text();
    const shown = [/^talky_log_newest_event_timestamp_seconds \d/m, /^talky_outbox_bytes \d/m];
    const text = await until("an event is stored, and the outbox has said how it is", async () => {
      const text = await read();
      return shown.every((metric) => metric.test(text)) && text;
    }, { timeout: 30_000 });
    const families = new Set([...text.matchAll(/^# TYPE (talky_\w+) /gm)].map(([, name]) => name!));
    assert.deepEqual(metricsIn([...page.matchAll(/^\| (`talky_\w+`) /gm)].join("\n")), families);
    for (
      const [what, names] of Object.entries({ rules: metricsIn(rules), dashboard: metricsIn(dashboard) })
    ) {
      for (const name of names) assert.ok(families.has(name), `${what}: ${name}`);
    }
    assert.match(text, /^talky_ingest_delay_seconds_count [1-9]/m);
    assert.match(text, /^talky_store_records_sum [1-9]/m);
    const newest = Number(/^talky_log_newest_event_timestamp_seconds (\S+)$/m.exec(text)?.[1]);
    assert.ok(Math.abs(Date.now() / 1000 - newest) < 120, `seconds since 1970: ${newest}`);
    assert.match(text, /^talky_database_connections [1-9]/m);
  },
});
