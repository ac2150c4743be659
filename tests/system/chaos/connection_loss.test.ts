import assert from "node:assert/strict";
import { connect, isUnavailable } from "../../../db/connect.ts";
import { transaction } from "../../../db/transaction.ts";
import { testDatabase } from "../../harness/database.ts";
import { until } from "../../harness/wait.ts";

Deno.test("a transaction that loses its connection rejects, leaves nothing, and the pool goes on", async () => {
  await using database = await testDatabase();
  await database.sql`create table mark (turn int)`;
  const sql = connect(database.url, { max: 1 });
  for (let turn = 0; turn < 20; turn++) {
    const lost = transaction(sql, async (tx) => {
      await tx`insert into mark values (${turn})`;
      await tx`select pg_terminate_backend(pg_backend_pid())`;
    });
    await assert.rejects(lost, isUnavailable);
    // The driver gives the server's last words to the next one, too, before it connects again.
    await until("the pool goes on", async () => {
      await transaction(sql, (tx) => tx`insert into mark values (${100 + turn})`);
      return true;
    });
  }
  await sql.end();
  const rows = await database.sql<{ turn: number }[]>`select turn from mark order by turn`;
  assert.deepEqual(rows.map(({ turn }) => turn), Array.from({ length: 20 }, (_, turn) => 100 + turn));
});

Deno.test("a transaction that fails by itself is rolled back, and says why", async () => {
  await using database = await testDatabase();
  await database.sql`create table mark (turn int)`;
  const failing = transaction(database.sql, async (tx) => {
    await tx`insert into mark values (1)`;
    throw new Error("of its own");
  });
  await assert.rejects(failing, /of its own/);
  assert.deepEqual([...await database.sql`select * from mark`], []);
});
