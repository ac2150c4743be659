import assert from "node:assert/strict";
import { findCircles, findWrongImports, readImports } from "../../../proof/house/imports.ts";
import { findFaults } from "../../../proof/house/sources.ts";

Deno.test("imports go one way", () => {
  const targets = [
    ...["events/event.ts", "stream/hub.ts", "zod", "zod/v4"],
    ...["db/connect.ts", "npm:left-pad", "config.ts", "routes/app.ts", "eventsource", "zod-to-json-schema"],
  ];
  const refused = findWrongImports([{ path: "stream/deep/er.ts", targets }]).map((fault) =>
    /may not import (\S+):/.exec(fault)?.[1]
  );
  assert.deepEqual(refused, targets.slice(4));
  assert.deepEqual(findWrongImports([{ path: "tests/anything.ts", targets }]), []);
});

Deno.test("what serves imports nothing of scripts, local or proof, and a client nothing at all", () => {
  for (
    const path of ["main.ts", "worker.ts", "runtime/assemble.ts", "runtime/deno/tls.ts", "client/mod.ts"]
  ) {
    for (const target of ["scripts/start.ts", "local/ports.ts", "proof/chaos/chaos.ts", "node:fs"]) {
      assert.equal(findWrongImports([{ path, targets: [target] }]).length, 1, `${path}: ${target}`);
    }
  }
  assert.equal(findWrongImports([{ path: "client/mod.ts", targets: ["zod"] }]).length, 1);
});

Deno.test("a place inside another has a rule of its own, and a file of no place is told so", () => {
  assert.equal(
    findWrongImports([{ path: "runtime/metrics.ts", targets: ["runtime/deno/tls.ts"] }]).length,
    1,
  );
  assert.deepEqual(findWrongImports([{ path: "runtime/deno/tls.ts", targets: ["runtime/failure.ts"] }]), []);
  assert.match(findWrongImports([{ path: "attic/box.ts", targets: [] }])[0]!, /in no place/);
});

Deno.test("files that import each other in a circle are named, once", () => {
  const graph = { a: ["b"], b: ["c", "d"], c: ["a"], d: [] };
  const files = Object.entries(graph).map(([path, targets]) => ({ path, targets }));
  assert.deepEqual(findCircles(files), ["a circle of imports: a → b → c → a"]);
  assert.deepEqual(findCircles(files.filter(({ path }) => path !== "c")), []);
});

Deno.test("the graph has types, exports and what is imported on demand", async () => {
  const [file] = await readImports(["main.ts"]);
  assert.ok(file?.targets.includes("config.ts") && file.targets.includes("hono"), String(file?.targets));
  const folder = await Deno.makeTempDir({ dir: "tests/proof/house" });
  try {
    const path = `${folder}/all.ts`;
    await Deno.writeTextFile(
      path,
      `import type { A } from "../../../../config.ts";\nexport * from "../../../../events/event.ts";\n` +
        `import {\n  b,\n} from "./b.ts";\nconst c = await import("zod");\nconst text = 'from "x"';\n`,
    );
    const [all] = await readImports([path]);
    assert.deepEqual(all?.targets, ["config.ts", "events/event.ts", `${folder}/b.ts`, "zod"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
