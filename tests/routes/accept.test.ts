import assert from "node:assert/strict";
import fc from "fast-check";
import { negotiate } from "../../routes/accept.ts";
import { testApi } from "./api.ts";

const offers = ["application/json", "application/x-ndjson", "text/csv"] as const;

Deno.test("the weights of Accept decide, then how exactly a type is named, then the order", () => {
  const expected: Record<string, string> = {
    "": "application/json",
    "*/*": "application/json",
    "text/csv": "text/csv",
    "TEXT/CSV; charset=utf-8": "text/csv",
    "text/csv;q=0": "application/json",
    "text/csv;q=0, */*": "application/json",
    "text/csv; q=0.000": "application/json",
    "application/json;q=0.5, text/csv;q=0.9": "text/csv",
    "text/csv;q=0.1, */*;q=0.2": "application/json",
    "text/csv, */*": "text/csv",
    "text/csv, application/json": "text/csv",
    "application/json, text/csv": "application/json",
    "text/*": "text/csv",
    "text/*;q=0.3, application/json;q=0.2": "text/csv",
    "text/*, text/csv;q=0": "application/json",
    "application/json;q=0, */*": "application/x-ndjson",
    "application/*;q=0.1, text/csv;q=0.05": "application/json",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "application/json",
    "image/png": "application/json",
    "nonsense, ;;;, /": "application/json",
  };
  for (const [accept, type] of Object.entries(expected)) {
    assert.equal(negotiate(accept, offers), type, accept);
  }
  assert.equal(negotiate(undefined, offers), "application/json");
});

Deno.test("no offer of a lower weight is taken where there is one of a higher", () => {
  const range = fc.constantFrom(...offers, "text/*", "application/*", "*/*");
  const weighed = fc.tuple(range, fc.integer({ min: 0, max: 10 }));
  fc.assert(fc.property(fc.uniqueArray(weighed, { selector: ([type]) => type, minLength: 1 }), (ranges) => {
    const accept = ranges.map(([type, tenths]) => `${type};q=${tenths / 10}`).join(", ");
    const weights = new Map<string, number>(ranges);
    const weightOf = (type: string) =>
      weights.get(type) ?? weights.get(`${type.split("/")[0]}/*`) ?? weights.get("*/*") ?? 0;
    const best = Math.max(...offers.map(weightOf));
    const chosen = negotiate(accept, offers);
    if (best > 0) assert.equal(weightOf(chosen), best, accept);
    else assert.equal(chosen, offers[0]);
  }));
});

Deno.test("the history and the stream honour weights", async () => {
  await using api = await testApi({ events: 1 });
  const typeOf = async (path: string, accept: string) => {
    const response = await api.request(path, { headers: { accept } });
    await response.body?.cancel();
    return `${response.status} ${response.headers.get("content-type")?.split(";")[0]}`;
  };
  assert.equal(await typeOf("/events", "text/csv;q=0"), "200 application/json");
  assert.equal(
    await typeOf("/events", "text/csv;q=0.1, application/x-ndjson;q=0.2"),
    "200 application/x-ndjson",
  );
  assert.equal(await typeOf("/stream", "text/event-stream;q=0"), "426 application/problem+json");
  assert.equal(await typeOf("/stream", "text/event-stream;q=0, */*"), "426 application/problem+json");
  assert.equal(await typeOf("/stream", "application/json, text/event-stream;q=0.5"), "200 text/event-stream");
});
