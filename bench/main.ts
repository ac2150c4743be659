/**
 * `deno task bench`: how fast, as ratios taken in one run on one machine. Absolute figures are printed
 * beside them, for orientation; machines differ.
 *
 * @module
 */
import { runTask } from "../runtime/failure.ts";
import { startPostgres } from "../local/postgres.ts";
import { benchAppending } from "./appending.ts";
import { benchReading } from "./reading.ts";
import { benchStreaming } from "./streaming.ts";
import type { Finding } from "./finding.ts";

await runTask(async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "talky-bench-" });
  await Deno.chmod(dataDir, 0o711);
  const postgres = await startPostgres({ dataDir, say: (line) => console.error(line) });
  try {
    for (const bench of [benchAppending, benchReading, benchStreaming]) {
      for await (const finding of bench(postgres.url)) print(finding);
    }
  } finally {
    await postgres.stop("immediate");
    await Deno.remove(dataDir, { recursive: true });
  }
});

// ---

function print({ name, figures }: Finding): void {
  const base = figures[0]!.value;
  console.log(`\n${name}`);
  for (const { label, value } of figures) {
    const ratio = (value / base).toFixed(2).padStart(8);
    const bar = "█".repeat(Math.max(1, Math.round((value / Math.max(...figures.map((f) => f.value))) * 30)));
    console.log(
      `  ${label.padEnd(44)} ${Math.round(value).toLocaleString("en").padStart(12)} ${ratio}×  ${bar}`,
    );
  }
}
