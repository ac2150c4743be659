/**
 * The releases of Prosody that tests run on: the installed one, and 13 unpacked beside it.
 *
 * @module
 */
import { findProgram } from "../../local/find_program.ts";
import { prosodyVersion } from "../../local/prosody_version.ts";

/** A release, and what runs it. */
export interface ProsodyRelease {
  /** `0.12` or `13`. */
  readonly name: string;
  /** Path of the program `prosody`; undefined where this machine does not have it. */
  readonly program: string | undefined;
}

const installed = await findProgram("prosody");
const version = installed && await prosodyVersion(installed);

/** The one that is installed, or will be by whoever needs it. */
export const installedRelease: ProsodyRelease = {
  name: version?.startsWith("13") ? "13" : "0.12",
  program: installed,
};

/** All of them. `deno task test` unpacks 13, and fails in CI where it cannot. */
export const prosodyReleases: readonly ProsodyRelease[] = installedRelease.name === "13"
  ? [installedRelease]
  : [installedRelease, { name: "13", program: Deno.env.get("TALKY_TEST_PROSODY_13") }];

/**
 * Defines a test for each release. One that this machine does not have is skipped. Under the plain name runs
 * the installed one.
 */
export function prosodyTest(name: string, run: (release: ProsodyRelease) => Promise<void>): void {
  for (const release of prosodyReleases) {
    const isInstalled = release === installedRelease;
    Deno.test({
      name: isInstalled ? name : `${name} [Prosody ${release.name}]`,
      ignore: !isInstalled && release.program === undefined,
      // Sockets that Prosody closes are gone a little after the test.
      sanitizeOps: false,
      sanitizeResources: false,
      fn: () => run(release),
    });
  }
}
