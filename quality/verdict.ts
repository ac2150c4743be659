/**
 * What can be the answer to "why could X not hear Y": stable codes, each with its sentence. `speaker` is who
 * should have been heard or seen, `hearer` who should have heard or seen.
 *
 * @module
 */

/** The codes, and what each says to people. New ones may come; none changes its meaning. */
export const verdicts = {
  // 1. Present?
  room_ended: "The room had ended.",
  server_restarted: "The XMPP server was restarted: it put everybody out of the room.",
  speaker_not_there: "The speaker was not in the room yet.",
  speaker_left: "The speaker had left the room.",
  speaker_disconnected:
    "The speaker's connection to the server was gone: a closed or crashed tab, or the network.",
  speaker_removed: "The speaker had been removed from the room.",
  hearer_not_there: "The hearer was not in the room yet.",
  hearer_left: "The hearer had left the room.",
  hearer_disconnected:
    "The hearer's connection to the server was gone: a closed or crashed tab, or the network.",
  hearer_removed: "The hearer had been removed from the room.",
  // 2. A session?
  not_shared: "The speaker shared no screen.",
  no_session: "No session with this medium from the speaker to the hearer was accepted.",
  connecting: "The two had only just met: their session was still being set up.",
  not_connected: "The session was accepted, but the two ends never got a connection to each other.",
  connection_lost: "The connection between the two ends was lost.",
  session_ended: "The session from the speaker to the hearer had ended.",
  // 3. Paused?
  muted: "The speaker's microphone was muted.",
  camera_off: "The speaker's camera was paused.",
  // 4. Does the device give anything?
  silent_microphone: "The speaker's microphone gave no sound, though it was not muted.",
  no_picture: "The speaker's camera or screen gave no pictures.",
  // 5. Did it leave?
  not_sent: "Nothing left the speaker.",
  cpu_limited: "The speaker's device was too slow: it sent less than it should, for want of processor.",
  uplink_limited: "The speaker sent less than it should, for want of network.",
  // 6. Did it arrive?
  not_received: "What the speaker sent did not reach the hearer.",
  loss_uplink: "Packets from the speaker were lost to everybody: the speaker's uplink.",
  loss_downlink: "Packets to the hearer were lost from everybody: the hearer's downlink.",
  loss: "Packets from the speaker to the hearer were lost on the way.",
  delay: "It came late: the way between the two was long.",
  // 7. Could it be played?
  not_decoded: "What arrived could not be decoded.",
  choppy: "It arrived too unevenly to be played: much of the sound was made up.",
  frozen: "It arrived too unevenly to be played: the picture stood still.",
  late: "It waited long in the hearer's buffer before it was played.",
  // None of these.
  fine:
    "Everything measurable was fine: what is left is the hearer's output device or volume, or the page itself.",
  unmeasured: "As far as it was measured everything was fine; the rest nobody has measured.",
} as const;

/** A code of a verdict. */
export type VerdictCode = keyof typeof verdicts;

/** All codes. */
export const verdictCodes = Object.keys(verdicts) as [VerdictCode, ...VerdictCode[]];

/** The seven questions, in order. */
export const questions = [
  "present",
  "session",
  "not_paused",
  "captured",
  "sent",
  "received",
  "playable",
] as const;

/** One of the seven questions, answered. */
export interface Step {
  readonly step: number;
  readonly question: typeof questions[number];
  readonly answer: "yes" | "partly" | "no" | "unknown";
  /** Whose word it is. A client can only lie about itself. Null where nobody says anything. */
  readonly by: "server" | "speaker" | "hearer" | null;
  /** What is wrong; null where nothing is. */
  readonly code: VerdictCode | null;
  /** 2: reason enough not to hear or see; 1: a nuisance. */
  readonly severity: 0 | 1 | 2;
  /** What it was judged by. */
  readonly values: Readonly<Record<string, number | string | null>>;
  /** The events that show it. */
  readonly events: readonly number[];
}

/** A step of which nothing is known. */
export function unknown(question: Step["question"]): Step {
  return {
    step: questions.indexOf(question) + 1,
    question,
    answer: "unknown",
    by: null,
    code: null,
    severity: 0,
    values: {},
    events: [],
  };
}

/** A step that is answered. */
export function answered(
  question: Step["question"],
  answer: Step["answer"],
  by: NonNullable<Step["by"]>,
  { code = null, severity = code ? 2 : 0, values = {}, events = [] }: {
    readonly code?: VerdictCode | null;
    readonly severity?: Step["severity"];
    readonly values?: Step["values"];
    readonly events?: readonly (number | null | undefined)[];
  } = {},
): Step {
  const shown = [...new Set(events.filter((id) => typeof id === "number"))];
  return { ...unknown(question), answer, by, code, severity, values: rounded(values), events: shown };
}

// ---

/** Three decimals are more than anybody measures. */
function rounded(values: Step["values"]): Step["values"] {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
    ]),
  );
}
