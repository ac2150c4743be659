import assert from "node:assert/strict";
import { createOperatorAuthenticator } from "../../auth/authenticate.ts";
import { deriveKeys } from "../../auth/keys.ts";
import type { Operator } from "../../auth/operator.ts";
import { findApiKey } from "../../db/api_keys.ts";
import { connect } from "../../db/connect.ts";
import { startPostgres } from "../../local/postgres.ts";
import { testDatabase } from "../harness/database.ts";
import { runTask } from "./task.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const day = 86_400_000;

/** Whom a key stands for in a database. */
async function operatorIn(url: string, token: string): Promise<Operator | null> {
  const sql = connect(url, { max: 1 });
  const authenticator = createOperatorAuthenticator(await deriveKeys("any secret: keys are rows"));
  try {
    return await authenticator.operator(token, (id) => findApiKey(sql, id));
  } finally {
    await sql.end();
  }
}

Deno.test("prints a key with what was asked for, and nothing else; lists it without it; revokes it", async () => {
  await using folder = await temporaryFolder();
  await using database = await testDatabase();
  const task = async (...args: string[]) => {
    const outcome = await runTask("token", args, folder.path, { DATABASE_URL: database.url });
    assert.deepEqual({ code: outcome.code, stderr: outcome.stderr }, { code: 0, stderr: "" });
    return outcome.stdout.trimEnd();
  };
  const token = await task(
    ...[
      "--scope",
      "manage",
      "--expires",
      "2h",
      "--name",
      "a check",
      "--room",
      "Daily",
      "--type",
      "message_sent",
    ],
  );
  assert.match(token, /^tk_\w{12}_\w{32}$/);
  const operator = await operatorIn(database.url, token);
  assert.deepEqual(operator && { ...operator, expires: 0 }, {
    scope: "manage",
    view: { rooms: ["daily"], types: ["message_sent"] },
    expires: 0,
    key: token.split("_")[1],
    by: "key",
  });
  assert.equal(Math.round((operator!.expires - Date.now()) / 60_000), 120);

  const listed = await task("--list");
  assert.equal(JSON.parse(listed).name, "a check");
  assert.doesNotMatch(listed, new RegExp(token));
  const [row] = await database.sql`select k::text as text from api_keys k`;
  assert.doesNotMatch(row!["text"], new RegExp(token.slice(-32)), "the database has no key");

  await task("--revoke", operator!.key!);
  assert.equal(await operatorIn(database.url, token), null);
  const unknown = await runTask("token", ["--revoke", "nobody"], folder.path, { DATABASE_URL: database.url });
  assert.match(unknown.stderr, /no key has the id "nobody"/);
});

Deno.test("reads for 30 days by default, in the database that development keeps, running or not", async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runTask("token", [], folder.path);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^tk_\w+\n$/);
  const server = await startPostgres({ dataDir: `${folder.path}/.data` });
  try {
    const another = await runTask("token", [], folder.path);
    assert.deepEqual({ code: another.code, stderr: another.stderr }, { code: 0, stderr: "" });
    for (const token of [stdout, another.stdout]) {
      const operator = await operatorIn(server.url, token.trimEnd());
      assert.equal(operator?.scope, "read");
      assert.equal(Math.round((operator.expires - Date.now()) / day), 30);
    }
  } finally {
    await server.stop("immediate");
  }
});

Deno.test("a database that is not migrated is left as it is", async () => {
  await using folder = await temporaryFolder();
  await using database = await testDatabase();
  await database.sql`delete from migrations where name like '%_keys'`;
  const { code, stderr } = await runTask("token", [], folder.path, { DATABASE_URL: database.url });
  assert.equal(code, 1);
  assert.match(stderr, /run `deno task migrate`/);
});

Deno.test("says what is right when the arguments are wrong", async () => {
  await using folder = await temporaryFolder();
  const cases = [
    {
      args: ["--scope", "root"],
      expected: /^talky: --scope is wrong: got "root"; it takes read, manage, admin\n$/,
    },
    {
      args: ["--expires", "soon"],
      expected: /^talky: --expires is wrong: got "soon"; it takes .*30d.*400d\n$/,
    },
    { args: ["--expires", "0d"], expected: /--expires is wrong/ },
    { args: ["--expires", "401d"], expected: /--expires is wrong/ },
    { args: ["--expires", "999999d"], expected: /--expires is wrong/ },
    { args: ["--expires", "999999999999d"], expected: /--expires is wrong/ },
    { args: ["--room", " "], expected: /--room is wrong: got " "/ },
    { args: ["--type", "everything"], expected: /--type is wrong: got "everything"; it takes room_created/ },
    { args: ["--expire", "1d"], expected: /^talky: .*--expires 30d.*\)\n$/ },
  ];
  for (const { args, expected } of cases) {
    const { code, stdout, stderr } = await runTask("token", args, folder.path);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, args.join(" "));
    assert.match(stderr, expected);
  }
});
