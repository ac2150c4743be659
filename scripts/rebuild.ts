/**
 * `deno task rebuild`: computes rooms, occupants and readings of measurements again from the log. Ingest waits meanwhile; Prosody's
 * outbox keeps what happens.
 *
 * @module
 */
import { rebuild } from "../db/rebuild.ts";
import { withConnection, withDatabase } from "../local/database.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { runTask } from "../runtime/failure.ts";

if (import.meta.main) {
  await runTask(async () => {
    const { rooms, kept, corrections, readings } = await withDatabase(
      loadSettings(),
      (url) =>
        withConnection(
          url,
          (sql) => rebuild(sql, (done, total) => console.error(`${done} of ${total} rooms`)),
        ),
    );
    console.log(`rebuilt ${rooms} rooms from the log`);
    if (kept > 0) console.log(`left ${kept} rooms as they are: the log does not have their beginning`);
    console.log(`rows that differed: rooms ${corrections.rooms}, occupants ${corrections.occupants}`);
    if (readings > 0) console.log(`readings of measurements that differed: ${readings}`);
    console.log("users are left as they are: sessions are not in the log");
  });
}
