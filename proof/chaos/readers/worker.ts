/**
 * The readers, in a thread of their own. It is told which to start, and then what the log's head is; tells
 * what each has had when all have it, or when a while has passed.
 *
 * @module
 */
import { kinds } from "./kinds.ts";
import { ReaderReport } from "./report.ts";
import type { Ask, Start } from "./readers.ts";

// The polyfill prints every connection that is cut.
console.error = () => {};

const stop = new AbortController();
const reports: ReaderReport[] = [];
/** Since when nobody has read anything. */
let quietSince = Date.now();

function start({ urls, token, client, count }: Start): void {
  for (let i = 0; i < count; i++) {
    const names = Object.keys(kinds);
    const report = new ReaderReport(names[i % names.length]!);
    // Each kind at each instance.
    const url = urls[Math.floor(i / names.length) % urls.length]!;
    const reading = { url, token, client, signal: stop.signal };
    kinds[report.kind]!(reading, (id) => {
      quietSince = Date.now();
      report.add(id);
    }).catch((error) => report.fail(error));
    reports.push(report);
  }
}

function finish({ head, patience }: Ask): void {
  quietSince = Date.now();
  const timer = setInterval(() => {
    const complete = reports.every(({ last }) => last >= head);
    if (!complete && Date.now() - quietSince < patience) return;
    clearInterval(timer);
    stop.abort();
    self.postMessage(reports.map((report) => report.summary(head)));
  }, 50);
}

self.onmessage = ({ data }: MessageEvent<Start | Ask>) => "head" in data ? finish(data) : start(data);
