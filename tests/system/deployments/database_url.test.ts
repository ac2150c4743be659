import assert from "node:assert/strict";
import { generate } from "selfsigned";
import { connect, isUnavailable } from "../../../db/connect.ts";
import { freePort } from "../../../local/ports.ts";
import { runScript } from "../../harness/task.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { startPgBouncer } from "./pgbouncer.ts";

/** Characters that a password has as it is, in the order in which they trouble a URL. */
const strange = "p/a?s#s@w:o%r&d=é";

async function certificate(name: string) {
  const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
    keySize: 2048,
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: name }, { type: 7, ip: "127.0.0.2" }] },
    ],
  });
  return { cert, key };
}

/** What a URL comes to: "works", with TLS or without, or why not. */
async function outcome(url: string): Promise<string> {
  const sql = connect(url, { max: 1 });
  try {
    const [row] = await sql<[{ name: string; tls: boolean }]>`
      select current_setting('application_name') as name, coalesce(ssl, false) as tls
      from pg_stat_ssl where pid = pg_backend_pid()`;
    return `works ${row.tls ? "by TLS" : "without TLS"} as ${row.name}`;
  } catch (error) {
    const { message } = error as Error;
    assert.doesNotMatch(message, /\n/);
    assert.ok(isUnavailable(error), message);
    return message;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

Deno.test("every form of DATABASE_URL works against a real server, or says in a line why not", async (t) => {
  const [own, other] = [await certificate("localhost"), await certificate("other.test")];
  await using cluster = await startCluster({
    tls: own,
    access: [
      "hostssl all secured 127.0.0.1/32 scram-sha-256",
      "hostnossl all secured 127.0.0.1/32 reject",
      "host all trusted 127.0.0.1/32 trust",
      "local all trusted trust",
    ],
  });
  await using plain = await startCluster();
  for (const { url } of [cluster, plain]) {
    const sql = connect(url("postgres"), { max: 1 });
    await sql.unsafe(`create database talky; `);
    for (const user of ["secured", "trusted", "strange"]) {
      await sql.unsafe(`create role ${user} login password '${user === "strange" ? strange : "secret"}'`);
    }
    await sql.end();
  }
  const [ca, wrongCa] = [`${cluster.folder}/ca.pem`, `${cluster.folder}/other.pem`];
  await Deno.writeTextFile(ca, `${other.cert}\n${own.cert}`);
  await Deno.writeTextFile(wrongCa, other.cert);
  const forms = { ...formsOfTls(cluster, plain, ca, wrongCa), ...formsOfAddress(cluster) };
  for (const [form, [url, expected]] of Object.entries(forms)) {
    await t.step(form, async () => assert.match(await outcome(url), expected));
  }

  await t.step("pgbouncer=true, and what a pooler refuses", async () => {
    await using pgbouncer = await startPgBouncer({ url: plain.url(), mode: "transaction", size: 2 });
    const by = pgbouncer.through(plain.url());
    assert.match(await outcome(`${by}?pgbouncer=true`), /^works/);
    assert.match(await outcome(`${by}?options=-c%20geqo%3Doff`), /unsupported startup parameter/);
  });

  await t.step("a pooler in statement mode is refused at the start", async () => {
    await using pgbouncer = await startPgBouncer({ url: plain.url(), mode: "statement", size: 2 });
    const env = { DATABASE_URL: pgbouncer.through(plain.url()), TALKY_SECRET: crypto.randomUUID() };
    const { code, stderr } = await runScript("serve.ts", [], env);
    assert.equal(code, 1);
    assert.match(stderr, /^talky: .*statement pooling.*\n$/);
  });

  await t.step("tasks and the start say it in one line", async () => {
    const refused = addressOf(cluster)(
      `talky:${cluster.password}`,
      `?sslmode=verify-full&sslrootcert=${wrongCa}`,
    );
    for (const [file, ...args] of [["db.ts", "migrate"], ["serve.ts"]] as const) {
      const env = { DATABASE_URL: refused, TALKY_SECRET: crypto.randomUUID() };
      const { code, stderr } = await runScript(file, args, env);
      assert.equal(code, 1);
      assert.match(stderr, /^talky: .*certificate is not accepted: self-signed.*\n$/);
    }
  });
});

/** Somebody else who listens; his port. */
function httpServer(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    const connection = await listener.accept();
    await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
    connection.close();
    listener.close();
  })();
  return listener.addr.port;
}

/** URLs of a kind, and what they come to. */
type Forms = Record<string, [url: string, expected: RegExp]>;

const works = /^works by TLS/;
const at = (server: Cluster) => `127.0.0.1:${server.port}`;

/** Makes URLs of a server from a login and what follows the database. */
function addressOf({ port }: Cluster) {
  return (login: string, rest: string, host = `localhost:${port}`) =>
    `postgres://${login}@${host}/talky${rest}`;
}

function formsOfTls(cluster: Cluster, plain: Cluster, ca: string, wrongCa: string): Forms {
  const url = addressOf(cluster);
  const talky = `talky:${cluster.password}`;
  return {
    "no sslmode, a server that has TLS": [url(talky, ""), works],
    "no sslmode, a server that insists (Heroku)": [url("secured:secret", "", at(cluster)), works],
    "no sslmode, a server without": [
      `postgres://talky:${plain.password}@${at(plain)}/talky`,
      /^works without TLS/,
    ],
    "sslmode=disable": [url(talky, "?sslmode=disable"), /^works without TLS/],
    "sslmode=disable where TLS is a must": [
      url("secured:secret", "?sslmode=disable"),
      /pg_hba.conf rejects|no encryption/,
    ],
    "sslmode=allow": [url(talky, "?sslmode=allow"), works],
    "sslmode=require, whoever signed": [url(talky, "?sslmode=require"), works],
    "ssl=true": [url(talky, "?ssl=true"), works],
    "sslmode=require, a server without": [
      `postgres://talky:${plain.password}@${at(plain)}/talky?sslmode=require`,
      /has no TLS, which sslmode=require asks for/,
    ],
    "verify-ca": [url(talky, `?sslmode=verify-ca&sslrootcert=${ca}`), works],
    "verify-ca under another name": [url(talky, `?sslmode=verify-ca&sslrootcert=${ca}`, at(cluster)), works],
    "verify-full": [url(talky, `?sslmode=verify-full&sslrootcert=${ca}`), works],
    "verify-full under another name": [
      url(talky, `?sslmode=verify-full&sslrootcert=${ca}`, at(cluster)),
      /certificate is not accepted: .*127\.0\.0\.1/,
    ],
    "verify-full, signed by somebody else": [
      url(talky, `?sslmode=verify-full&sslrootcert=${wrongCa}`),
      /certificate is not accepted: self-signed/,
    ],
    "verify-full, signed by nobody the system knows": [
      url(talky, "?sslmode=verify-full"),
      /certificate is not accepted: self-signed/,
    ],
    "a file that is not there": [
      url(talky, "?sslmode=verify-full&sslrootcert=/nowhere/ca.pem"),
      /sslrootcert \/nowhere\/ca\.pem cannot be read/,
    ],
    "sslrootcert alone": [url(talky, `?sslrootcert=${wrongCa}`), /certificate is not accepted/],
    "Neon's channel_binding": [
      url(talky, `?sslmode=require&channel_binding=require&sslrootcert=${ca}`),
      works,
    ],
    "channel_binding, with nobody who vouches": [
      url(talky, "?sslmode=require&channel_binding=require"),
      /certificate is not accepted/,
    ],
  };
}

function formsOfAddress(cluster: Cluster): Forms {
  const { port, folder } = cluster;
  const url = addressOf(cluster);
  const talky = `talky:${cluster.password}`;
  const socket = encodeURIComponent(folder);
  return {
    "Cloud SQL's socket": [`postgres://trusted:@/talky?host=${folder}&port=${port}`, /^works without TLS/],
    "a socket in the host's place": [`postgres://trusted@${socket}:${port}/talky`, /^works without TLS/],
    "the socket itself": [
      `postgres:///talky?host=${folder}/.s.PGSQL.${port}&user=trusted`,
      /^works without TLS/,
    ],
    "a socket that is not there": [
      "postgres://u@/talky?host=/nowhere",
      /\/nowhere\/\.s\.PGSQL\.5432 is a socket that does not exist/,
    ],
    "an empty password": [url("trusted:", ""), works],
    "the wrong password": [url("talky:wrong", ""), /password authentication failed for user "talky"/],
    "a password as it is": [url(`strange:${strange}`, "?sslmode=require"), works],
    "a password encoded": [url(`strange:${encodeURIComponent(strange)}`, ""), works],
    "several hosts, the first away": [url(talky, "", `127.0.0.1:${freePort()},${at(cluster)}`), works],
    "several hosts, all away": [
      url(talky, "", `127.0.0.1:${freePort()},127.0.0.1:${freePort()}`),
      /refuses connections/,
    ],
    "options": [url(talky, "?options=-c%20application_name%3Dby_options"), /by TLS/],
    "application_name": [url(talky, "?application_name=mine"), /as mine$/],
    "connect_timeout": [url(talky, "?connect_timeout=10"), works],
    "a schema that is ours": [url(talky, "?schema=public&connection_limit=5&pool_timeout=10"), works],
    "no such database": [cluster.url("nothing"), /database "nothing" does not exist/],
    "a name that nobody knows": [url(talky, "", "nowhere.invalid"), /nowhere\.invalid:5432 is a name that/],
    "not a PostgreSQL": [url(talky, "", `127.0.0.1:${httpServer()}`), /does not speak PostgreSQL's protocol/],
  };
}
