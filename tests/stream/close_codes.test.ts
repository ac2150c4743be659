import assert from "node:assert/strict";
import { type CloseCode, closeCodes } from "../../stream/close_codes.ts";
import { clientFrames, serverFrames } from "../../stream/frames.ts";
import { testApi } from "../routes/api.ts";

const all = Object.values<CloseCode>(closeCodes);

Deno.test("README's table of close codes is the registry", async () => {
  const readme = await Deno.readTextFile("README.md");
  const rows = [...readme.matchAll(/^\| (\d{4}) \| (.*?) *\|$/gm)].map(([, code, advice]) => [code, advice]);
  assert.deepEqual(rows, all.map(({ code, advice }) => [String(code), advice]));
});

Deno.test("AsyncAPI and OpenAPI tell every close code, AsyncAPI every frame", async () => {
  await using api = await testApi();
  const { info, channels } = await api.get("/asyncapi.json");
  const { paths } = await api.get("/openapi.json");
  for (const { code, meaning, advice } of all) {
    assert.ok(info.description.includes(`**${code}** ${meaning}: ${advice}`), `${code} in AsyncAPI`);
    assert.ok(paths["/stream"].get.description.includes(`${code} ${advice}`), `${code} in OpenAPI`);
  }
  const { messages } = channels.stream;
  assert.deepEqual(Object.keys(messages), [...Object.keys(serverFrames), ...Object.keys(clientFrames)]);
});
