import assert from "node:assert/strict";
import { testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

Deno.test("a body is JSON to the letter; of JSON's white space alone it says nothing", async () => {
  await using api = await testApi();
  const ask = (body: string) => api.app.request("/config/guest", { method: "POST", body });
  for (const body of ["", " \t\r\n", "{}", " {}\n"]) assert.equal((await ask(body)).status, 200, body);
  for (const space of ["\u00a0", "\u2028", "\u3000", "\v", "\f"]) {
    for (const body of [space, `{}${space}`, `${space}{}`]) {
      await assertProblem(await ask(body), "invalid_request");
    }
  }
});
