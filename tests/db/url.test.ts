import assert from "node:assert/strict";
import fc from "fast-check";
import { readSettings, SettingsError } from "../../config.ts";
import type { DatabaseAddress } from "../../db/database_address.ts";
import { parseDatabaseUrl } from "../../db/url.ts";

type Expected = Partial<Omit<DatabaseAddress, "tls">> & { tls?: Partial<DatabaseAddress["tls"]> };

const at = (host: string, port = 5432) => [{ host, port }];

/** As their consoles show them. */
const forms: Record<string, [string, Expected]> = {
  "Neon": [
    "postgresql://neondb_owner:npg_x1Y2@ep-cool-sun-a1b2c3.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
    {
      hosts: at("ep-cool-sun-a1b2c3.eu-central-1.aws.neon.tech"),
      database: "neondb",
      tls: { mode: "verify-full" },
    },
  ],
  "Neon without SNI": [
    "postgres://u:p@ep-x.aws.neon.tech/neondb?options=endpoint%3Dep-x&sslmode=require",
    { startup: { options: "endpoint=ep-x" }, tls: { mode: "require" } },
  ],
  "Supabase, direct": [
    "postgresql://postgres:[YOUR-PASSWORD]@db.abcdefgh.supabase.co:5432/postgres",
    { hosts: at("db.abcdefgh.supabase.co"), password: "[YOUR-PASSWORD]", database: "postgres" },
  ],
  "Supabase, transaction pooler": [
    "postgresql://postgres.abcdefgh:s3cret@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1",
    {
      hosts: at("aws-0-eu-central-1.pooler.supabase.com", 6543),
      user: "postgres.abcdefgh",
      pooled: true,
      poolSize: 1,
    },
  ],
  "Supabase by Vercel": [
    "postgres://postgres.abc:p@aws-0.pooler.supabase.com:6543/postgres?sslmode=require&supa=base-pooler.x",
    { tls: { mode: "require" } },
  ],
  "Heroku": [
    "postgres://u12abc:p98def@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d34ghi",
    { hosts: at("ec2-1-2-3-4.compute-1.amazonaws.com"), tls: { mode: "prefer" } },
  ],
  "Railway": [
    "postgresql://postgres:AbCd@postgres.railway.internal:5432/railway",
    { hosts: at("postgres.railway.internal") },
  ],
  "Render, internal": [
    "postgresql://user:pass@dpg-abc123-a/name_db",
    { hosts: at("dpg-abc123-a"), database: "name_db" },
  ],
  "RDS": [
    "postgres://app:p@db.c1.eu-west-1.rds.amazonaws.com:5432/app?sslmode=verify-full&sslrootcert=/etc/ssl/global-bundle.pem",
    { tls: { mode: "verify-full", ca: "/etc/ssl/global-bundle.pem" } },
  ],
  "Cloud SQL": [
    "postgres://user:pass@/app?host=/cloudsql/project:europe-west1:instance",
    { hosts: [{ path: "/cloudsql/project:europe-west1:instance/.s.PGSQL.5432" }] },
  ],
  "Cloud SQL, encoded": [
    "postgresql://user:pass@%2Fcloudsql%2Fproject%3Aeurope-west1%3Ainstance/app",
    { hosts: [{ path: "/cloudsql/project:europe-west1:instance/.s.PGSQL.5432" }] },
  ],
  "Cloud SQL for Prisma": [
    "postgresql://user:pass@localhost/app?host=/cloudsql/p:r:i&schema=public",
    { hosts: [{ path: "/cloudsql/p:r:i/.s.PGSQL.5432" }] },
  ],
  "Azure": [
    "postgres://admin%40server:p@server.postgres.database.azure.com:5432/app?sslmode=require",
    { user: "admin@server" },
  ],
  "Azure, as it is": [
    "postgres://admin@server:p@server.postgres.database.azure.com/app?sslmode=require",
    { user: "admin@server", hosts: at("server.postgres.database.azure.com") },
  ],
  "Fly": [
    "postgres://app:p@app-db.flycast:5432/app?sslmode=disable",
    { tls: { mode: "disable" } },
  ],
  "DigitalOcean": [
    "postgresql://doadmin:AVNS_x@db-do-user-1.b.db.ondigitalocean.com:25060/defaultdb?sslmode=require",
    { hosts: at("db-do-user-1.b.db.ondigitalocean.com", 25060) },
  ],
  "Patroni": [
    "postgres://u:p@pg1:5432,pg2:5433,[::1]/talky?target_session_attrs=read-write",
    {
      hosts: [{ host: "pg1", port: 5432 }, { host: "pg2", port: 5433 }, { host: "::1", port: 5432 }],
      writableOnly: true,
    },
  ],
  "hosts in parameters": [
    "postgres:///talky?host=pg1,pg2&port=5432,5433&user=u&password=p%20q",
    { hosts: [{ host: "pg1", port: 5432 }, { host: "pg2", port: 5433 }], user: "u", password: "p q" },
  ],
  "a Unix socket of Debian": ["postgres:///talky?host=/var/run/postgresql", {
    hosts: [{ path: "/var/run/postgresql/.s.PGSQL.5432" }],
  }],
  "quotes of an env file": ['"postgres://u:p@h/d"', { hosts: at("h"), database: "d" }],
  "no password": ["postgres://u@h/d", { user: "u", password: "" }],
  "an empty password": ["postgres://u:@h/d", { user: "u", password: "" }],
  "an empty port": ["postgres://u:p@h:/d", { hosts: at("h") }],
  "Symfony": ["postgresql://u:p@h:5432/d?serverVersion=16&charset=utf8", { database: "d" }],
  "SQLAlchemy": ["postgresql+asyncpg://u:p@h/d?statement_cache_size=0", { pooled: true }],
  "an @ in a parameter": ["postgres://h/d?application_name=me@home", {
    hosts: at("h"),
    startup: { application_name: "me@home" },
  }],
  "one file with certificate and key": ["postgres://u:p@h/d?sslcert=/me.pem&sslkey=/me.pem&sslmode=require", {
    tls: { mode: "require", cert: "/me.pem", key: "/me.pem" },
  }],
  "the system's certificates": ["postgres://u:p@h/d?sslrootcert=system&sslmode=require", {
    tls: { mode: "verify-full" },
  }],
  "Prisma's strict": ["postgres://u:p@h/d?sslaccept=strict&sslmode=require", {
    tls: { mode: "verify-full" },
  }],
  "Rails' ssl": ["postgres://u:p@h/d?sslmode=verify-full&ssl=true", { tls: { mode: "verify-full" } }],
  "what is done anyway": [
    "postgres://u:p@h/d?gssencmode=disable&sslsni=1&sslcompression=0&ssl_min_protocol_version=TLSv1.2",
    { tls: { mode: "prefer" } },
  ],
  "seconds": ["postgres://u:p@h/d?connect_timeout=3&pool_timeout=7", { connectTimeout: 3, poolTimeout: 7 }],
};

for (const [what, [url, expected]] of Object.entries(forms)) {
  Deno.test(`DATABASE_URL of ${what} is understood`, () => {
    const { tls, ...address } = parseDatabaseUrl(url);
    const { tls: expectedTls, ...rest } = expected;
    assert.deepEqual({ ...address, ...rest }, address);
    assert.deepEqual({ ...tls, ...expectedTls }, tls);
  });
}

const wrong: Record<string, [string, RegExp]> = {
  "JDBC's": ["jdbc:postgresql://h/d?user=u&password=hunter2", /JDBC's/],
  "a command": [`psql "postgres://u:hunter2@h/d"`, /leave out "psql"/],
  "key and value": ["host=h dbname=d password=hunter2", /key=value/],
  "ADO.NET's": ["Server=h;Database=d;User Id=u;Password=hunter2", /key=value/],
  "another database": ["mysql://u:hunter2@h/d", /starts with postgres:\/\//],
  "no database": ["postgres://u:hunter2@h", /names no database/],
  "a port that is none": ["postgres://u:hunter2@h:99999/d", /port must be/],
  "a parameter misspelt": [
    "postgres://u:hunter2@h/d?sslMode=require",
    /"?sslMode"? that is not known: sslmode\?/,
  ],
  "an sslmode that is none": ["postgres://u:hunter2@h/d?sslmode=required", /sslmode takes disable/],
  "another schema": ["postgres://u:hunter2@h/d?schema=app", /schema=app cannot be had/],
  "a standby": ["postgres://u:hunter2@h/d?target_session_attrs=standby", /cannot be written to/],
  "a contradiction": ["postgres://u:hunter2@h/d?sslmode=disable&channel_binding=require", /contradict/],
  "another encoding": ["postgres://u:hunter2@h/d?client_encoding=LATIN1", /takes UTF8/],
  "a service": ["postgres://u:hunter2@h/d?service=x", /libpq's/],
  "nothing to tell apart": ["postgres://u:hunter2@h/a/b/c", /cannot be told apart/],
};

for (const [what, [url, reason]] of Object.entries(wrong)) {
  Deno.test(`DATABASE_URL that is ${what} is refused in a line that shows no password`, () => {
    assert.throws(() => readSettings({ DATABASE_URL: url }), (error: unknown) => {
      assert.ok(error instanceof SettingsError);
      assert.equal(error.problems.length, 1);
      const [line] = error.problems;
      assert.match(line!, reason);
      assert.doesNotMatch(line!, /hunter2|\n/);
      return true;
    });
  });
}

/** Of libpq's parameters those that ask for something that is not done: a TLS that is weaker or stricter, GSS. */
const notHad = [
  ...["sslsni=0", "sslcompression=1", "ssl_min_protocol_version=TLSv1.3", "ssl_max_protocol_version=TLSv1.2"],
  ...["gssencmode=require", "gssdelegation=1", "krbsrvname=pg", "gsslib=gssapi", "sslcertmode=require"],
  ...[
    "min_protocol_version=3.2",
    "require_auth=none",
    "requirepeer=postgres",
    "sslcrl=/crl",
    "sslcrldir=/crls",
  ],
  ...["service=talky", "passfile=/pass", "sslkeylogfile=/keys", "scram_client_key=x", "replication=database"],
  ...["sslcert=/cert", "sslkey=/key", "sslnegotiation=direct", "requiressl=maybe", "oauth_issuer=https://x"],
];
for (const parameter of notHad) {
  Deno.test(`DATABASE_URL with ${parameter} is refused by name`, () => {
    const [name] = parameter.split("=");
    assert.throws(() => parseDatabaseUrl(`postgres://u:hunter2@h/d?${parameter}`), (error: Error) => {
      assert.equal(error.name, "DatabaseUrlError");
      assert.match(error.message, new RegExp(name!));
      assert.doesNotMatch(error.message, /hunter2|\n/);
      return true;
    });
  });
}

Deno.test("how safe a connection is does not depend on the order of parameters", () => {
  const modes = ["disable", "prefer", "require", "verify-ca", "verify-full"];
  const parameters = [
    ...["sslmode=prefer", "sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"],
    ...["ssl=true", "ssl=false", "requiressl=1", "sslaccept=strict", "sslaccept=accept_invalid_certs"],
    ...["sslrootcert=system", "sslrootcert=/ca.pem", "channel_binding=require", "channel_binding=prefer"],
  ];
  /** They say nothing of whether there is TLS at all. */
  const silent = ["sslaccept=accept_invalid_certs", "sslrootcert=/ca.pem", "channel_binding=prefer"];
  // A name may come once.
  const some = fc.uniqueArray(fc.constantFrom(...parameters), { selector: (text) => text.split("=")[0]! });
  const modeOf = (parts: readonly string[]) =>
    modes.indexOf(parseDatabaseUrl(`postgres://u:p@h/d?${parts.join("&")}`).tls.mode);
  fc.assert(
    fc.property(some, fc.gen(), (parts, gen) => {
      const shuffled = gen(fc.shuffledSubarray, parts, { minLength: parts.length });
      fc.pre(!parts.includes("ssl=false") || !parts.includes("channel_binding=require"));
      assert.equal(modeOf(shuffled), modeOf(parts));
      // As with libpq: no TLS where that is said, though there would be a file for one.
      const asked = parts.filter((part) => !parts.includes("ssl=false") || !silent.includes(part));
      for (const part of asked) assert.ok(modeOf(parts) >= modeOf([part]), `${parts} is weaker than ${part}`);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a password with any characters, encoded or (but for %) as it is, is that password", () => {
  const character = fc.constantFrom(..."aZ09@/?#:%&=+,;!$'()*~[]{}|\\^`\"<> é🙂".match(/./gu)!);
  const password = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(""));
  fc.assert(
    fc.property(password, (password) => {
      const encoded = `postgres://u:${encodeURIComponent(password)}@h:5433/d?sslmode=require`;
      assert.equal(parseDatabaseUrl(encoded).password, password);
      // A % that begins an encoded character is one.
      fc.pre(!/%[0-9a-f]{2}/i.test(password));
      const { hosts, database, ...raw } = parseDatabaseUrl(
        `postgres://u:${password}@h:5433/d?sslmode=require`,
      );
      assert.deepEqual([raw.password, hosts, database], [password, at("h", 5433), "d"]);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("whatever stands in DATABASE_URL is understood, or refused in a line", () => {
  const part = fc.constantFrom(
    "postgres://",
    "u",
    ":",
    "@",
    "/",
    "?",
    "#",
    "%",
    "%4",
    "=",
    "&",
    ",",
    "[",
    "]",
    "5",
    "host",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 15 }).map((parts) => `postgres://${parts.join("")}`), (url) => {
      try {
        parseDatabaseUrl(url);
      } catch (error) {
        assert.equal((error as Error).name, "DatabaseUrlError");
        assert.doesNotMatch((error as Error).message, /\n/);
      }
    }),
    { numRuns: 5000 },
  );
});
