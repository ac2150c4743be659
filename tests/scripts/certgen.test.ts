import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { defaults, selfSigned } from "../../scripts/certgen.ts";
import { runTask } from "./task.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("certgen writes a certificate and its key, and the settings to use them", async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runTask("certgen", ["--yes"], folder.path);
  assert.equal(code, 0, stderr);
  const files = { cert: `${folder.path}/.data/cert.pem`, key: `${folder.path}/.data/key.pem` };
  assert.equal(stdout, `TALKY_TLS_CERT=${files.cert}\nTALKY_TLS_KEY=${files.key}\n`);
  assert.equal((await Deno.stat(files.key)).mode! & 0o777, 0o600);

  const certificate = new X509Certificate(await Deno.readTextFile(files.cert));
  assert.match(certificate.subject, /CN=localhost:8001/);
  assert.match(certificate.subjectAltName!, /DNS:localhost, IP Address:127\.0\.0\.1/);

  const again = await runTask("certgen", ["--yes", "--out", `${folder.path}/.data`], folder.path);
  assert.equal(again.code, 0, again.stderr);
  assert.notEqual(await Deno.readTextFile(files.cert), certificate.toString());
});

Deno.test("certgen asks only at a terminal", async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await runTask("certgen", [], folder.path);
  assert.deepEqual({ code, stderr }, {
    code: 1,
    stderr: "talky: there is no terminal to ask at: pass --yes\n",
  });
});

Deno.test("the Common Name's host is among the names, with or without a port", async () => {
  for (
    const [name, expected] of [
      ["meet.test", "DNS:meet.test"],
      ["meet.test:9000", "DNS:meet.test"],
      ["10.0.0.7:8001", "IP Address:10.0.0.7"],
    ] as const
  ) {
    const { cert } = await selfSigned({ ...defaults, CN: name });
    const { subjectAltName } = new X509Certificate(cert);
    assert.ok(subjectAltName!.split(", ").includes(expected), subjectAltName);
  }
  await assert.rejects(selfSigned({ ...defaults, CN: "no host" }), /Common Name is wrong/);
});
