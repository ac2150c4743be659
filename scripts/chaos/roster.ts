/**
 * Compares the rooms that the database shows as live with those that Prosody has.
 *
 * @module
 */
import { connect } from "../../db/connect.ts";
import { lookAt } from "../simulate/stanzas.ts";
import { TalkyApi } from "../simulate/talky_api.ts";
import { Refusal, TalkyClient } from "../simulate/talky_client.ts";
import type { Stage } from "./stage.ts";
import { waitFor } from "./wait.ts";

/** Waits until no room is live in the database that Prosody does not have. Fails when there is one for long. */
export async function sameRoster({ databaseUrl, apis }: Stage): Promise<void> {
  const sql = connect(databaseUrl, { max: 1, name: "talky-chaos" });
  const api = new TalkyApi(apis[0].url, new AbortController().signal);
  const client = await TalkyClient.logIn(await api.guest("talky-chaos"));
  const live = () => sql<{ id: string; jid: string }[]>`select id, jid from rooms where ended is null`;
  try {
    const gone = new Set<string>();
    for (const { id, jid } of await live()) if (!await exists(client, jid)) gone.add(id);
    await waitFor(
      "rooms that Prosody does not have to end in the database",
      async () => !(await live()).some(({ id }) => gone.has(id)),
      30_000,
    );
  } finally {
    await client.logOut();
    await sql.end();
  }
}

// ---

async function exists(client: TalkyClient, room: string): Promise<boolean> {
  try {
    await client.request(lookAt(room));
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
