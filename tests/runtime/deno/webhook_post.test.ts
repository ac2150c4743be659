import assert from "node:assert/strict";
import { createServer as createSecureServer } from "node:https";
import { createServer, type Server } from "node:net";
import { generate } from "selfsigned";
import { webhookPoster } from "../../../runtime/deno/webhook_post.ts";
import { startReceiver } from "../../webhooks/receiver.ts";
import { startNameServer } from "./name_server.ts";

const post = (url: string, milliseconds = 2000) => ({
  url,
  headers: { "content-type": "application/json" },
  body: new TextEncoder().encode("{}"),
  signal: AbortSignal.timeout(milliseconds),
});

/** Counts connections to an address of this machine, and hangs up. */
async function startTrap(host: string): Promise<{ connections(): number } & AsyncDisposable> {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    socket.on("error", () => {});
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(8443, host, resolve));
  return {
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const [a, b] = crypto.getRandomValues(new Uint8Array(2)) as unknown as [number, number];
/** An address of this machine that nobody else listens on. */
const here = `127.77.${a}.${b}`;
const number = ((127 * 256 + 77) * 256 + a) * 256 + b;
const hex = (value: number) => value.toString(16);

/** What leads to this machine, its network, or to whoever lent it. Each is of a kind of its own. */
const targets = [
  // This machine, in each spelling.
  `https://${here}:8443/`,
  `https://${number}:8443/`,
  `https://0x${hex(number)}:8443/`,
  `https://0${number.toString(8)}:8443/`,
  `https://0177.0115.0${a.toString(8)}.0${b.toString(8)}:8443/`,
  `https://0x7f.0x4d.0x${hex(a)}.0x${hex(b)}:8443/`,
  `https://127.77.${a * 256 + b}:8443/`,
  `https://127.${(77 * 256 + a) * 256 + b}:8443/`,
  `https://${here}.:8443/`,
  `https://①②⑦.77.${a}.${b}:8443/`,
  `https://[::ffff:${here}]:8443/`,
  `https://[::ffff:7f4d:${hex(a * 256 + b)}]:8443/`,
  `https://[0:0:0:0:0:ffff:7f4d:${hex(a * 256 + b)}]:8443/`,
  `https://[::${here}]:8443/`,
  "https://[::1]:8443/",
  "https://localhost:8443/",
  "https://LOCALHOST.:8443/",
  "https://anything.localhost:8443/",
  "https://0:8443/",
  "https://[::]:8443/",
  // By another way, or another network.
  `https://[64:ff9b::7f4d:${hex(a * 256 + b)}]:8443/`,
  `https://[2002:7f4d:${hex(a * 256 + b)}::1]:8443/`,
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://192.168.1.1/",
  "https://100.64.0.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://[fd00:ec2::254]/",
  "https://[fe80::1]/",
  "https://[fec0::1]/",
  "https://198.18.0.1/",
  "https://192.0.2.1/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://metadata.google.internal/",
  "https://printer.local/",
  "https://intranet/",
  // Neither by another protocol, port, or with credentials that a list would show.
  `http://${here}:8443/`,
  "ftp://example.com/",
  "file:///etc/passwd",
  "https://example.com:22/",
  "https://example.com:5432/",
  "https://user:password@example.com/",
  `https://example.com@${here}:8443/`,
  `https:\\\\${here}:8443\\`,
  `https://127。77。${a}。${b}:8443/`,
  `https://[::ffff:0:7f4d:${hex(a * 256 + b)}]:8443/`,
  "https://[fe80::1%25eth0]/",
  "nonsense",
];

Deno.test("nothing that is not public is connected to, in whatever spelling", async () => {
  await using trap = await startTrap(here);
  const guarded = webhookPoster({ loopback: false });
  for (const url of targets) {
    const { status, error } = await guarded(post(url));
    assert.equal(status, null, url);
    // Said before there is a connection: what a connection says is something else.
    assert.match(error ?? "", /public|https:\/\/|port|password|no address|a URL/, url);
  }
  assert.equal(trap.connections(), 0);
  // The trap counts: without the rule it is reached.
  await webhookPoster({ loopback: true })(post(targets[0]!));
  assert.equal(trap.connections(), 1);
});

Deno.test("what is allowed for development is this machine, and nothing else of what is private", async () => {
  await using receiver = await startReceiver();
  const lenient = webhookPoster({ loopback: true });
  assert.equal((await lenient(post(receiver.url))).status, 204);
  assert.equal((await lenient(post(receiver.url.replace("127.0.0.1", "localhost")))).status, 204);
  const connections = receiver.connections();
  for (
    const url of targets.filter((url) => /10\.0|172|192|100\.64|169|fd00|fe80|198|\/\/0:|\[::\]/.test(url))
  ) {
    assert.equal((await lenient(post(url))).status, null, url);
  }
  assert.match((await lenient(post("http://example.com/"))).error!, /https/);
  assert.equal(receiver.connections(), connections);
});

Deno.test("a name that is public when asked and private a moment later reaches nothing", async () => {
  await using trap = await startTrap(here);
  // Public by its form, and nobody's since the 6bone is no more (RFC 3701).
  const open = "3ffe:77::1";
  for (
    const answers of [
      [[open], [here]],
      [[here], [open]],
      [[open, here]],
      [[here, open]],
      [["169.254.169.254"], [here]],
      [["10.0.0.1", open], [here]],
    ]
  ) {
    await using names = await startNameServer(answers);
    const guarded = webhookPoster({ loopback: false, resolve: names.resolve });
    for (let attempt = 1; attempt <= 4; attempt++) {
      const { status, error } = await guarded(post("https://rebinding.example.com:8443/", 300));
      assert.equal(status, null);
      assert.equal(names.asked(), attempt, "looked up once, and what was judged is connected to");
      const answer = answers[(attempt - 1) % answers.length]!;
      if (answer.join() !== open) {
        assert.match(error!, /is not public/);
        assert.ok(
          !answer.some((address) => error!.includes(address)),
          "it does not say what names mean in here",
        );
      }
    }
  }
  assert.equal(trap.connections(), 0);
  await using names = await startNameServer([[here]]);
  await webhookPoster({ loopback: true, resolve: names.resolve })(
    post("https://rebinding.example.com:8443/"),
  );
  assert.equal(trap.connections(), 1, "without the rule it is reached");
});

Deno.test("a name without an address, or one that cannot be looked up, is a failure that says so", async () => {
  await using names = await startNameServer([[]]);
  const guarded = webhookPoster({ loopback: false, resolve: names.resolve });
  const { status, error } = await guarded(post("https://nowhere.example.com/"));
  assert.equal(status, null);
  assert.ok(error);
  const hanging = webhookPoster({ loopback: false, resolve: () => new Promise(() => {}) });
  assert.equal((await hanging(post("https://nowhere.example.com/", 200))).error, "took too long");
});

Deno.test("no redirect is followed, whatever its status", async () => {
  await using target = await startReceiver();
  await using receiver = await startReceiver();
  const lenient = webhookPoster({ loopback: true });
  for (const status of [301, 302, 303, 307, 308]) {
    receiver.behave((_, response) => void response.writeHead(status, { location: target.url }).end());
    assert.equal((await lenient(post(receiver.url))).status, status);
  }
  assert.equal(target.connections(), 0);
});

Deno.test("an answer of any length costs a bounded read; one that breaks off or hangs is none", async () => {
  await using receiver = await startReceiver();
  const lenient = webhookPoster({ loopback: true });
  let ended = false;
  receiver.behave((_, response) => {
    response.writeHead(200);
    response.on("close", () => ended = true);
    const more = () => {
      while (!ended && response.write("x".repeat(65_536)));
      if (!ended) response.once("drain", more);
    };
    more();
  });
  assert.deepEqual(await lenient(post(receiver.url)), { status: 200, retryAfter: null });
  receiver.behave((_, response) => {
    response.writeHead(200, { "content-length": "10" }).write("half");
    setTimeout(() => response.destroy(), 20);
  });
  assert.equal((await lenient(post(receiver.url))).error, "the answer broke off");
  receiver.behave((_, response) => void response.writeHead(200).write("and then nothing"));
  assert.match((await lenient(post(receiver.url, 300))).error!, /broke off|too long/);
  receiver.behave((_, response) => void response.writeHead(429, { "retry-after": "7" }).end());
  assert.deepEqual(await lenient(post(receiver.url)), { status: 429, retryAfter: "7" });
});

Deno.test("what is no answer of HTTP is a failure, in bounded time", async () => {
  const lenient = webhookPoster({ loopback: true });
  for (
    const answer of [
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\n\r\n",
      "SSH-2.0-x\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
      `HTTP/1.1 200 OK\r\nx: ${"x".repeat(1 << 20)}`,
      "",
    ]
  ) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      socket.write(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const outcome = await lenient(post(`http://127.0.0.1:${port}/`, 500));
    assert.ok(outcome.error, `${answer.slice(0, 40)}: ${JSON.stringify(outcome)}`);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});

Deno.test("https only to whom a certificate that we trust was given", async () => {
  const certificate = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [{ name: "basicConstraints", cA: true }, {
      name: "subjectAltName",
      altNames: [{ type: 2, value: "localhost" }],
    }],
  });
  const { cert, private: key } = certificate;
  const server = createSecureServer({ cert, key }, (_, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const url = `https://localhost:${port}/`;
    const stranger = await webhookPoster({ loopback: true })(post(url));
    assert.equal(stranger.status, null);
    assert.match(stranger.error!, /certificate|issuer|self/i);
    assert.deepEqual(await webhookPoster({ loopback: true, ca: cert })(post(url)), {
      status: 204,
      retryAfter: null,
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
