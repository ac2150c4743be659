/**
 * What is promised, as data: each guarantee in plain words, what could break it, by the mutants that do, and what it
 * does not cover. `docs/guarantees.md` is written from it: `deno task guarantees`.
 *
 * @module
 */
import { bounded } from "./mutants/lists/bounded.ts";
import { capturedOnce } from "./mutants/lists/captured_once.ts";
import { downCleanly } from "./mutants/lists/down_cleanly.ts";
import { forgotten } from "./mutants/lists/forgotten.ts";
import { keptPrivate } from "./mutants/lists/kept_private.ts";
import { keysHold } from "./mutants/lists/keys.ts";
import { named } from "./mutants/lists/named.ts";
import { ordered } from "./mutants/lists/ordered.ts";
import { readOnce } from "./mutants/lists/read_once.ts";
import { refused } from "./mutants/lists/refused.ts";
import { told } from "./mutants/lists/told.ts";
import { toldApart } from "./mutants/lists/told_apart.ts";
import { trueToTheRoom } from "./mutants/lists/true_to_the_room.ts";
import { flat } from "./mutants/lists/years.ts";
import type { Mutants } from "./mutants/mutant.ts";

/** A promise, and what stands behind it. Texts are Markdown. */
export interface Guarantee {
  readonly title: string;
  readonly promise: string;
  /** By what could break it; the tests that must notice are those of the mutants. */
  readonly mutants: Mutants;
  /** What there is to say of a breakage, besides. */
  readonly remarks?: Readonly<Record<string, string>>;
  /** What it covers otherwise, and what not; one that begins with "- " is an item of a list. */
  readonly notes?: readonly string[];
}

/** Every guarantee, in the order of the page. */
export const guarantees: readonly Guarantee[] = [
  {
    title: "1. Captured once",
    promise: "What Prosody says happened is in the log exactly once, whoever was killed or away meanwhile.",
    mutants: capturedOnce,
    remarks: {
      "the outbox is full, or its disk refuses": "nothing begins, what is open may end (ADR 0008)",
      "the power is cut": "ADR 0010",
    },
    notes: [
      "Telemetry is accepted when it is answered 202. After any other answer, or none, it may be stored or not: only a client that repeats it with the same `Idempotency-Key` (remembered for a day) has it once.",
      "What this does not cover:",
      "- **The last moment before a power cut.** A record is with the kernel before it is sent, and on disk `TALKY_OUTBOX_SYNC_MS` later (50 ms). What was not, and not stored by the API either, is gone; the next epoch closes what was open. Where neither Debian's lua-luv nor lua-posix is installed for Prosody's Lua, Prosody's log says so, and the kernel writes when it likes, within half a minute or so. PostgreSQL syncs its own.",
      "- **The end of Prosody while its disk refuses.** What waits in its memory is gone, though clients were answered: the records of one stanza, and ends. Nothing new begins in that time, and the next epoch closes what is open.",
      `- **Damage on disk** costs the rest of its segment, counted as \`lost\`: \`journal_spec.lua\` "damage in the middle", "damage where an epoch ends", "nothing is written behind damage", "what was acknowledged before".`,
    ],
  },
  {
    title: "2. Told apart from forgery",
    promise:
      "Only Prosody writes records, only the API reads the outbox, and people are who their credential says.",
    mutants: { ...toldApart, ...keysHold },
    notes: [
      "Measurements in `p2p_session_stats` are a client's word, and so are marks in them such as `reconciled`; only that it was in that room with that peer is checked.",
      "An operator's **key** is a bearer token for everything its scope allows, of the rooms and types it is limited to, until it ends or is revoked: within five seconds, at every instance, on open streams and running exports (ADR 0016). While the database is away nothing can be revoked. A key limited to rooms is told of sessions that were in them all that a session has; and any reader of the stream can tell from the ids how many events there are in all. Tokens signed before there were keys are good until they end. Whoever has `TALKY_SECRET` signs any.",
    ],
  },
  {
    title: "3. Ordered",
    promise:
      "Event ids are dense and given in commit order: whoever has read up to N has everything up to N.",
    mutants: ordered,
    notes: [
      `The order is that of storing. Replayed events (\`"replayed": true\`) come later than they happened; see \`time\`.`,
    ],
  },
  {
    title: "4. True to the room",
    promise:
      "Rows and log tell what was the case: what begins ends, in order, also when the one who knew was killed.",
    mutants: { ...trueToTheRoom, ...named },
    notes: [
      "Rooms' names and times and all stays derive from the log; sessions do not (ADR 0007). After a crash the ends are dated with the restart, and marked `reconciled`: the latest moment at which they can have been.",
    ],
  },
  {
    title: "5. Refused, not lost",
    promise:
      "What does not validate is kept with its reason and stops nothing else; after a fix it is stored, once.",
    mutants: refused,
    remarks: {
      "a stanza is longer than one may be, or comes in several frames":
        "it costs nobody the connection (ADR 0013)",
    },
    notes: [
      "A telemetry item of more than 32 KiB is kept in part only, and cannot be replayed.",
    ],
  },
  {
    title: "6. Read once, in order",
    promise: "A reader with a cursor gets every event that matches, once, in order, on any instance.",
    mutants: readOnce,
    notes: [
      "Once is for those who store cursor and effect together. One that dies between the two gets some events again.",
    ],
  },
  {
    title: "7. Down cleanly",
    promise:
      "SIGTERM: readers are told to come back (1012), what was accepted is stored, then connections close; within 15 seconds, whatever hangs.",
    mutants: downCleanly,
  },
  {
    title: "8. Bounded",
    promise:
      "Nobody takes more of the service than their share, and what a client may fill has a bound (ADR 0017).",
    mutants: bounded,
    notes: [
      "Limits count in each instance's memory: several let through several times as much, and a restart forgets. Of a session's refused telemetry a hundred items an hour are kept, the rest only counted (`talky_limits_met_total`). Under `deno serve` and on Workers time is for whoever stands in front to bound.",
    ],
  },
  {
    title: "9. As fast as on the first day",
    promise: "What a query costs follows what it returns, not how long the history is (ADR 0019).",
    mutants: flat,
  },
  {
    title: "10. Told of everything",
    promise:
      "A webhook's receiver is told of every event that it wants, in order, at least once, however long it or we were away; and nothing is posted to what is not public (ADR 0024).",
    mutants: told,
    notes: [
      "At least once: a batch whose answer is lost comes again under the same `webhook-id`, with the same events. A receiver that keeps the last event's id has each of them once.",
      "In order holds for what is tried: an instance that is stopped in the middle of an attempt, for longer than its lease, may finish it when another one is further already. Whoever says `rewind` or `skip` gets what they say. In other forms than plain, what a batch says of people may differ between attempts, for what applications have told of them is forgotten.",
    ],
  },
  {
    title: "11. Forgotten when it is due",
    promise:
      "With `TALKY_RETENTION_DAYS`, events go from the log's beginning, by the time of storing, and not while a hold keeps them; no reader, export or webhook passes over what is gone without being told (ADR 0021).",
    mutants: forgotten,
    notes: [
      "Up to an hour late, and a minute after `earliest` has said so. Backups keep what they have.",
    ],
  },
  {
    title: "Privacy",
    promise:
      "What nobody needs is not stored: no bodies of messages unless `TALKY_MESSAGE_BODIES=on`, and no addresses. User agents are, with the session. No log holds a secret.",
    mutants: keptPrivate,
    notes: [
      "Not there yet: the erasure of one person; and refused records keep what they had, names in them too.",
    ],
  },
];
