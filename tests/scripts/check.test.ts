import assert from "node:assert/strict";
import { findFaults } from "../../scripts/check.ts";

Deno.test("imports go one way", () => {
  const text = `
import { a } from "../db/connect.ts";
import type { B } from "npm:left-pad";
import {
  c,
  d,
} from "../../config.ts";
export * from "../events/event.ts";
import "./hub.ts";
const e = await import("../routes/app.ts");
const message = "from here";
`;
  const named = findFaults([{ path: "stream/deep.ts", text }]).map((fault) => fault.split(":")[0]);
  assert.deepEqual(named, [
    "stream/deep.ts may not import db/connect.ts",
    "stream/deep.ts may not import npm",
    "stream/deep.ts may not import ../config.ts",
    "stream/deep.ts may not import routes/app.ts",
  ]);
  assert.deepEqual(findFaults([{ path: "scripts/anything.ts", text }]), []);
});

Deno.test("what runs on Workers does not use Deno, and may speak of it", () => {
  const text = "// Deno.serve calls this\n/**\n * Deno.env\n */\nconst a = Deno.env.get('A');\n";
  assert.deepEqual(findFaults([{ path: "routes/app.ts", text }]), [
    "routes/app.ts:5 uses Deno, and has to run on Workers",
  ]);
  assert.deepEqual(findFaults([{ path: "main.ts", text }]), []);
});

Deno.test("a file is at most 15 KB, in bytes", () => {
  assert.deepEqual(findFaults([{ path: "web/a.css", text: "ä".repeat(7500) }]), []);
  assert.equal(findFaults([{ path: "web/a.css", text: "ä".repeat(7501) }]).length, 1);
});
