/**
 * Writes the events of a day as CSV, however many there are, without holding them in memory.
 *
 *     deno run --allow-net --allow-env --allow-write=. examples/export_day.ts 2026-11-25
 *
 * `TALKY_URL` and `TALKY_TOKEN` say where and with which key. The file is events-DAY.csv; days are UTC's.
 *
 * @module
 */

const day = Deno.args[0] ?? new Date().toISOString().slice(0, 10);
const url = new URL("events", `${Deno.env.get("TALKY_URL") ?? "http://localhost:8001"}/`);
const from = new Date(`${day}T00:00:00Z`);
url.searchParams.set("from", from.toISOString());
url.searchParams.set("to", new Date(from.getTime() + 24 * 3600 * 1000).toISOString());

const headers = { authorization: `Bearer ${Deno.env.get("TALKY_TOKEN")}`, accept: "text/csv" };
const response = await fetch(url, { headers });
if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);

const path = `events-${day}.csv`;
const file = await Deno.open(path, { write: true, create: true, truncate: true });
await response.body.pipeTo(file.writable);
console.log(path);
