/**
 * `deno task certgen`: a self-signed certificate for HTTPS on one's own machine. Asks what `openssl req`
 * asks, with defaults; `--yes` takes them all.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { generate } from "selfsigned";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";

/** Questions, by the names that the parts of a distinguished name have (RFC 4514). */
const questions = [
  ["C", "Country Name (2 letter code)", "AU"],
  ["ST", "State or Province Name (full name)", "Some-State"],
  ["L", "Locality Name (eg, city)", ""],
  ["O", "Organization Name (eg, company)", "Internet Widgits Pty Ltd"],
  ["OU", "Organizational Unit Name (eg, section)", ""],
  ["CN", "Common Name (e.g. server FQDN or YOUR name)", "localhost:8001"],
] as const;

/** An answer for each part; an empty one leaves the part out. */
export type Subject = Record<(typeof questions)[number][0], string>;

/** The answers that `--yes` gives. */
export const defaults = Object.fromEntries(questions.map(([name, , answer]) => [name, answer])) as Subject;

/** Makes a certificate and its key (PEM), good for the Common Name's host and this machine's own names. */
export async function selfSigned(subject: Subject): Promise<{ cert: string; key: string }> {
  const parts = Object.entries(subject).filter(([, value]) => value !== "");
  const hosts = new Set([hostOf(subject.CN), "localhost", "127.0.0.1", "::1"]);
  const pems = await generate(parts.map(([shortName, value]) => ({ shortName, value })), {
    keyType: "ec",
    algorithm: "sha256",
    // The most that Apple's systems take.
    notAfterDate: new Date(Date.now() + 825 * 24 * 60 * 60 * 1000),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [...hosts].map((host) => isIP(host) ? { type: 7, ip: host } : { type: 2, value: host }),
      },
    ],
  });
  return { cert: `${pems.cert.trim()}\n`, key: `${pems.private.trim()}\n` };
}

// ---

/** `host`, `host:port` or `[address]:port` without the port. */
function hostOf(commonName: string): string {
  const url = `https://${isIP(commonName) === 6 ? `[${commonName}]` : commonName}`;
  if (!URL.canParse(url)) throw new Failure(`the Common Name is wrong: got "${commonName}"; it takes a host`);
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

/** Asks at the terminal; a dot leaves a part out, as with openssl. */
function ask(): Subject {
  if (!Deno.stdin.isTerminal()) throw new Failure("there is no terminal to ask at: pass --yes");
  const answers = questions.map(([name, question, answer]) => {
    const given = prompt(`${question} [${answer}]:`) || answer;
    return [name, given === "." ? "" : given];
  });
  return Object.fromEntries(answers);
}

/** Files are replaced whole, so that a service that watches them sees no half. */
async function write(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

/** Only what can be made again is replaced. */
async function requireReplaceable(path: string): Promise<void> {
  const pem = await Deno.readTextFile(path).catch(() => undefined);
  if (pem === undefined) return;
  const { subject, issuer } = new X509Certificate(pem);
  if (subject !== issuer) throw new Failure(`${path} is not self-signed, and left as it is: pass --out`);
}

function readArguments() {
  try {
    return parseArgs({
      args: Deno.args,
      options: { yes: { type: "boolean", default: false }, out: { type: "string" } },
    }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message} (takes --yes and --out FOLDER)`);
  }
}

if (import.meta.main) {
  await runTask(async () => {
    const { yes, out } = readArguments();
    const folder = resolve(out ?? loadSettings().dataDir);
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    await requireReplaceable(cert);
    const pems = await selfSigned(yes ? defaults : ask());
    await Deno.mkdir(folder, { recursive: true });
    await write(key, pems.key);
    await write(cert, pems.cert);
    console.log(`TALKY_TLS_CERT=${cert}\nTALKY_TLS_KEY=${key}`);
  });
}
