/**
 * Guests who come back: whose connection broke, whose page was loaded again (ADR 0012).
 *
 * @module
 */
import { type AppIdentity, describedBy } from "../auth/app_token.ts";
import type { Session } from "../auth/credential.ts";
import type { Sql } from "../db/connect.ts";
import { readRecentSession } from "../db/users.ts";
import { ProblemError } from "./problem.ts";

/** What is said of a session's user. */
export type Identity = Omit<AppIdentity, "subject">;

/** For how long after the end of a session its guest is still the same, in seconds. */
const returnTime = 10 * 60;

/**
 * Who the guest of an earlier credential is; null where too much time has passed: a guest like any other then, for
 * a client that is refused would not come back at all. A user's credential is refused.
 */
export async function returningGuest(
  sql: Sql,
  { session, expired }: { readonly session: Session; readonly expired: boolean },
  guestsHost: string,
): Promise<{ userid: string; identity: Identity } | null> {
  if (!session.userid.endsWith(`@${guestsHost}`)) {
    throw new ProblemError(
      "token_refused",
      "the credential is a user's, not a guest's: ask /config/user with the application's token",
    );
  }
  const json = expired ? null : await readRecentSession(sql, session, returnTime);
  return json === null ? null : { userid: session.userid, identity: describedBy(JSON.parse(json)) };
}
