import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDevice } from "../../ingest/device.ts";

const agents: Record<string, { type: string; os: RegExp; browser: RegExp }> = {
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":
    {
      type: "browser",
      os: /^Windows/,
      browser: /^Chrome 140/,
    },
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0": {
    type: "browser",
    os: /^macOS/,
    browser: /^Firefox 143/,
  },
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":
    {
      type: "mobile",
      os: /^iOS 18/,
      browser: /^Safari 18/,
    },
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":
    {
      type: "mobile",
      os: /^Android 15/,
      browser: /^Chrome 140/,
    },
  "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1":
    {
      type: "mobile",
      os: /^iOS 17/,
      browser: /^Safari 17/,
    },
};

Deno.test("a User-Agent says what kind of device, which system and which browser", () => {
  for (const [useragent, expected] of Object.entries(agents)) {
    const device = parseDevice(useragent);
    assert.equal(device.type, expected.type, useragent);
    assert.match(device.os, expected.os);
    assert.match(device.browser, expected.browser);
    assert.equal(device.useragent, useragent);
  }
});

Deno.test("no User-Agent is a browser of which nothing is known", () => {
  const unknown = { type: "browser", os: "", browser: "", useragent: "" };
  assert.deepEqual(parseDevice(undefined), unknown);
  assert.deepEqual(parseDevice(""), unknown);
});

Deno.test("any text is a User-Agent, kept to 1,024 characters", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
    const device = parseDevice(text);
    assert.equal(device.useragent, text.slice(0, 1024));
    assert.ok(["browser", "mobile"].includes(device.type));
  }));
});
