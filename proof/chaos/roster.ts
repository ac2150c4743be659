/**
 * Compares the rooms and occupants that the database shows with those that Prosody has.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import { xmppHosts } from "../../config.ts";
import { connect, type Sql } from "../../db/connect.ts";
import { Failure } from "../../runtime/failure.ts";
import { TalkyApi } from "../simulate/talky_api.ts";
import { TalkyClient } from "../simulate/talky_client.ts";
import type { Stage } from "./stage.ts";
import { waitFor } from "./wait.ts";

/**
 * Waits until the database and Prosody agree on every room and occupant. People come and go meanwhile, and
 * records are on their way: what counts is that no difference stays. Fails when one does for half a minute.
 */
export async function sameRoster({ databaseUrl, domain, apis }: Stage): Promise<void> {
  const sql = connect(databaseUrl, { max: 1, name: "talky-chaos" });
  const api = new TalkyApi(apis[0].url, new AbortController().signal);
  const client = await TalkyClient.logIn(await api.guest("talky-chaos"));
  let staying: Set<string> | undefined;
  try {
    await waitFor("the same roster", async () => {
      const shown = await readShown(sql);
      const differing = shown.symmetricDifference(await readRoster(client, xmppHosts(domain).rooms));
      staying = staying?.intersection(differing) ?? differing;
      return staying.size === 0;
    }, 30_000);
  } catch (error) {
    if (!staying?.size) throw error;
    throw new Failure(`the database and Prosody do not agree on ${[...staying].join(", ")}`);
  } finally {
    await client.logOut();
    await sql.end();
  }
}

// ---

/** Live rooms, by their ids, and who is in them, as `room session`, by the database. */
async function readShown(sql: Sql): Promise<Set<string>> {
  const rows = await sql<{ key: string }[]>`
    select id::text as key from rooms where ended is null union all
    select room_id || ' ' || sessionid from occupants where "left" is null`;
  return new Set(rows.map(({ key }) => key));
}

/** The same, by Prosody (`modules/mod_chaos_roster.lua`). */
async function readRoster(client: TalkyClient, host: string): Promise<Set<string>> {
  const ask = xml(
    "iq",
    { type: "get", to: host, id: crypto.randomUUID() },
    xml("roster", "urn:chaos:roster"),
  );
  const answer = await client.request(ask);
  const text: string = answer.getChildText("roster", "urn:chaos:roster") ?? "";
  return new Set(
    text.split("\n").filter(Boolean).flatMap((line) => {
      const [room = "", ...sessions] = line.split(" ");
      return [room, ...sessions.map((session) => `${room} ${session}`)];
    }),
  );
}
