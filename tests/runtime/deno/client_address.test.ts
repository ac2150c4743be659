import assert from "node:assert/strict";
import fc from "fast-check";
import { clientAddresses, countedAs } from "../../../runtime/deno/client_address.ts";

Deno.test("without a trusted proxy nobody is believed, whatever they write", () => {
  const { clientOf } = clientAddresses([]);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (header) => {
    assert.equal(clientOf("203.0.113.9", header), "203.0.113.9");
  }));
});

Deno.test("behind trusted proxies it is whom the outermost of them heard it from", () => {
  const { clientOf, isProxy } = clientAddresses(["10.0.0.0/8", "::1", "192.0.2.7"]);
  assert.ok(isProxy("10.1.2.3") && isProxy("::ffff:10.1.2.3") && isProxy("::1"));
  assert.ok(!isProxy("11.1.2.3") && !isProxy("") && !isProxy("nonsense"));
  assert.equal(clientOf("10.0.0.1", "198.51.100.4"), "198.51.100.4");
  assert.equal(clientOf("10.0.0.1", "1.1.1.1, 198.51.100.4"), "198.51.100.4", "what the client wrote itself");
  assert.equal(clientOf("10.0.0.1", "198.51.100.4, 192.0.2.7, 10.9.9.9"), "198.51.100.4", "a chain");
  assert.equal(clientOf("10.0.0.1", null), "10.0.0.1");
  assert.equal(clientOf("10.0.0.1", "unknown"), "10.0.0.1");
  assert.equal(clientOf("10.0.0.1", "2001:db8::7"), "2001:db8::7");
  assert.equal(clientOf("::ffff:203.0.113.9", null), "203.0.113.9");
});

Deno.test("of IPv6 a customer's network counts as one", () => {
  assert.equal(countedAs("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(countedAs("2001:0db8:0001:0002::9"), "2001:db8:1:2::/64");
  assert.equal(countedAs("::1"), "0:0:0:0::/64");
  assert.equal(countedAs("203.0.113.9"), "203.0.113.9");
});
