import { deriveKeys } from "../../../auth/keys.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { testService } from "../../harness/service.ts";
import { testWorkerd } from "../../harness/workerd.ts";
import { makeCall } from "../../routes/a_call.ts";
import { rest } from "./rest.ts";
import { stream } from "./stream.ts";
import { type Conformance, targetAt } from "./target.ts";

const secret = crypto.randomUUID();
const env = { TALKY_SECRET: secret };
const runtimes = {
  "Deno": (database: TestDatabase) => testService({ database, env }),
  "workerd": (database: TestDatabase) => testWorkerd({ database, env }),
};

for (const [runtime, start] of Object.entries(runtimes)) {
  for (const [area, promises] of Object.entries<Conformance>({ REST: rest, "the stream": stream })) {
    Deno.test(`${area} on ${runtime}`, async (t) => {
      await using database = await testDatabase();
      await makeCall(database.sql);
      await using service = await start(database);
      if ("startup" in service) console.log(`first answer after ${service.startup.toFixed(0)} ms`);
      const target = targetAt(service.url, await deriveKeys(secret), database.sql);
      for (const [promise, holds] of Object.entries(promises)) {
        await t.step(promise, () => holds(target));
      }
    });
  }
}
