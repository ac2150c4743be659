import assert from "node:assert/strict";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { once } from "node:events";
import { signCredential } from "../../../auth/credential.ts";
import { defaults, selfSigned } from "../../../scripts/certgen.ts";
import { append } from "../../system/conformance/target.ts";
import { testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import { testService } from "../../harness/service.ts";
import { through } from "../../harness/through.ts";
import { until } from "../../harness/wait.ts";
import { temporaryFolder } from "../../scripts/temporary_folder.ts";

/** A certificate in a folder of its own. */
async function certificate() {
  const folder = await temporaryFolder();
  const env = { TALKY_TLS_CERT: `${folder.path}/cert.pem`, TALKY_TLS_KEY: `${folder.path}/key.pem` };
  const renew = async (commonName: string) => {
    const pems = await selfSigned({ ...defaults, CN: commonName });
    await Deno.writeTextFile(env.TALKY_TLS_KEY, pems.key);
    await Deno.writeTextFile(env.TALKY_TLS_CERT, pems.cert);
    return pems.cert;
  };
  return { env, renew, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
}

/** Opens a WebSocket that trusts a certificate, and remembers what comes. */
async function open(url: string, client: Deno.HttpClient, protocol: string) {
  const options = { client, protocols: [protocol], headers: { "user-agent": "Talky's test" } };
  const socket = new WebSocket(url, options as unknown as string[]);
  const received: string[] = [];
  socket.addEventListener("message", ({ data }) => received.push(data));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  return {
    socket,
    received,
    said: (text: string) => until(text, () => received.some((frame) => frame.includes(text))),
  };
}

/** Common Name of the certificate that a new connection is shown. */
async function shownName(port: number): Promise<string | undefined> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate() as DetailedPeerCertificate;
  socket.destroy();
  await once(socket, "close");
  return String(subject.CN);
}

Deno.test("HTTPS and WSS; a renewed certificate is served, and no connection is lost over it", async () => {
  await using database = await testDatabase();
  await using tls = await certificate();
  const caCerts = [await tls.renew("first.test")];
  await using service = await testService({ database, env: tls.env });
  using client = Deno.createHttpClient({ caCerts });
  const stream = await open(
    `wss://127.0.0.1:${service.port}/stream?access_token=${service.token}`,
    client,
    "talky.events.v1",
  );
  await stream.said('"ready"');
  assert.equal(await shownName(service.port), "first.test");

  // Half a renewal is none.
  await Deno.writeTextFile(tls.env.TALKY_TLS_CERT, "half");
  await until("it is noticed", () => service.logs().includes("serving with the last one"));
  assert.equal(await shownName(service.port), "first.test");

  await tls.renew("second.test");
  await until("the new one is shown", async () => await shownName(service.port) === "second.test");
  const newest = await append(database.sql, 1);
  await stream.said(`"id":${newest}`);

  assert.equal(await service.stop(), 0);
  assert.match(service.logs(), /Serving with the certificate/);
});

Deno.test("a certificate that cannot be served stops the start", async () => {
  await using database = await testDatabase();
  await using tls = await certificate();
  await tls.renew("first.test");
  const { key } = await selfSigned(defaults);
  await Deno.writeTextFile(tls.env.TALKY_TLS_KEY, key);
  await assert.rejects(testService({ database, env: tls.env }), /TALKY_TLS_KEY is wrong: .* is not the key/);
  await Deno.remove(tls.env.TALKY_TLS_KEY);
  await Deno.writeTextFile(tls.env.TALKY_TLS_KEY, "no key");
  await assert.rejects(testService({ database, env: tls.env }), /TALKY_TLS_KEY is wrong: .* not PEM/);
});

Deno.test("clients that come by HTTPS reach Prosody through the API, under their own names", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  await using tls = await certificate();
  using client = Deno.createHttpClient({ caCerts: [await tls.renew("localhost")] });
  await using service = await testService({ database, prosody, env: tls.env });

  const answer = await fetch(`${service.url}/config/guest`, through(client, { method: "POST" }));
  const { signalingUrl } = await answer.json();
  assert.equal(signalingUrl, `wss://localhost:${service.port}/xmpp-websocket`);

  // Not that session: of one that the API has not seen, only Prosody knows the device.
  const [id, node, host] = [crypto.randomUUID(), "ada", `guests.${prosody.domain}`];
  const credential = await signCredential(prosody.keys, { sessionid: id, userid: `${node}@${host}` }, 60);
  const xmpp = await open(signalingUrl, client, "xmpp");
  const opening = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${host}" version="1.0"/>`;
  xmpp.socket.send(opening);
  await xmpp.said("PLAIN");
  const login = btoa(`\0${node}\0${credential}`);
  xmpp.socket.send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${login}</auth>`);
  await xmpp.said("<success");
  xmpp.socket.send(opening);
  await xmpp.said("xmpp-bind");
  xmpp.socket.send(
    `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
  );
  await xmpp.said(`/${id}`);

  const headers = { authorization: `Bearer ${service.token}` };
  await until("the session is known by its device", async () => {
    const response = await fetch(`${service.url}/users/${id}`, through(client, { headers }));
    const { useragent } = await response.json();
    // Deno puts its own name before the one it is given.
    return useragent?.endsWith("Talky's test");
  });
  xmpp.socket.close();
  await once(xmpp.socket, "close");
  await until("its end is known", async () => {
    const response = await fetch(`${service.url}/users/${id}`, through(client, { headers }));
    return (await response.json()).ended !== null;
  });
});
