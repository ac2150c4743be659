import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };

Deno.test("chaos as a task: with its permissions everything comes up, reads, and is judged", async () => {
  const [, ...command] = project.tasks.chaos.command.split(" ");
  const args = [...command, "--minutes", "0.1", "--rooms", "2", "--people", "3", "--readers", "4"];
  const output = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(output.code, 0, stderr);
  const { verdict, readers } = JSON.parse(stdout!);
  assert.ok(verdict.expected > 0);
  assert.deepEqual(readers.map(({ events }: { events: number }) => events), Array(4).fill(verdict.stored));
  assert.match(stderr!, /nothing is lost\n$/);
});
