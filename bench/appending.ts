/**
 * Appending to the log: what group commit is worth.
 *
 * @module
 */
import { connect } from "../db/connect.ts";
import { createDatabase } from "../db/database.ts";
import { migrate } from "../db/migrate.ts";
import { store } from "../db/store.ts";
import type { OutboxSubmission } from "../events/submission.ts";
import type { SourceRecord } from "../events/record.ts";
import type { Finding } from "./finding.ts";

const room = { id: crypto.randomUUID(), jid: "bench@rooms.talky-api.local" };
const actor = crypto.randomUUID();

/** Records a second, by how many share a transaction. */
export async function* benchAppending(server: string): AsyncGenerator<Finding> {
  const url = await freshDatabase(server, "bench_appending");
  const sql = connect(url);
  const figures = [];
  for (const size of [1, 20, 200, 1000]) {
    const epoch = `epoch-${size}`;
    const rounds = Math.max(5, Math.min(300, Math.ceil(6000 / size)));
    const begun = performance.now();
    for (let round = 0; round < rounds; round++) {
      await store(sql, [batch(epoch, 1 + round * size, size)]);
    }
    const value = (rounds * size) / ((performance.now() - begun) / 1000);
    figures.push({ label: `${size} to a transaction`, value });
  }
  await sql.end();
  yield { name: "Records stored a second (durable, one writer)", figures };
}

/** A migrated database of its own on the benchmark's server. */
export async function freshDatabase(server: string, name: string): Promise<string> {
  const url = new URL(server);
  url.pathname = `/${name}`;
  await createDatabase(url.href);
  const sql = connect(url.href, { max: 1 });
  await migrate(sql);
  await sql.end();
  return url.href;
}

/** A run of chat messages of one room. */
export function batch(epoch: string, first: number, size: number): OutboxSubmission {
  const lines = Array.from({ length: size }, (_, i) => {
    const record: SourceRecord = {
      type: "message_sent",
      time: new Date().toISOString(),
      room,
      actor,
      data: { length: 42 },
    };
    return { seq: first + i, record };
  });
  return { origin: "outbox", source: "bench", epoch, lines };
}
