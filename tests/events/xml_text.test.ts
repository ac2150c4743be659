import assert from "node:assert/strict";
import { xml } from "@xmpp/client";
import fc from "fast-check";
import { jsonInXml } from "../../events/xml_text.ts";

/** What XML 1.0 (§2.2) lets a document have. */
const possible = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

Deno.test("whatever JSON says goes through XML and comes out the same", () => {
  const all = fc.oneof(
    fc.constantFrom("\ufffe", "\uffff", "\u0000", "\u001f", "\u007f", "\ud800", "\udc00", "<&>\"'", "]]>"),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(
      fc.dictionary(all, fc.oneof(all, fc.array(all, { maxLength: 3 })), { maxKeys: 5 }),
      (value) => {
        const text = jsonInXml(JSON.stringify(value));
        assert.match(text, possible);
        assert.match(String(xml("session", {}, text)), possible);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("every code unit, by itself and in a pair", () => {
  const units = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
  for (const value of [units, units.toReversed(), units.join("")]) {
    const text = jsonInXml(JSON.stringify(value));
    assert.match(text, possible);
    assert.deepEqual(JSON.parse(text), value);
  }
  assert.equal(jsonInXml('"😀"'), '"😀"');
});
