/**
 * From which value on something is worth telling. One place: the defaults, what each is of, and how an operator
 * changes them (`TALKY_QUALITY_THRESHOLDS`). Chosen between what Teams, Twilio and Meet publish, on the side of
 * silence: one lost packet is no issue.
 *
 * @module
 */

/** Beyond `warn` it may be noticed, beyond `bad` it is. */
export interface Threshold {
  readonly warn: number;
  readonly bad: number;
}

/** The defaults. Each is exceeded by what is greater, but for `fps` and `screen_fps`, by what is less. */
export const defaultThresholds = {
  /** Packets lost, in percent of those sent. */
  loss: { warn: 3, bad: 10 },
  /** Round trip, in milliseconds. */
  delay: { warn: 300, bad: 500 },
  /** Variation of the packets' delay, in milliseconds. */
  jitter: { warn: 30, bad: 100 },
  /** Mean wait in the jitter buffer, in milliseconds. */
  buffer: { warn: 200, bad: 500 },
  /** Audio that was made up and not silence, in percent. */
  choppy_audio: { warn: 3, bad: 7 },
  /** Time in which the picture stood, in percent. */
  frozen_video: { warn: 10, bad: 30 },
  /** Pictures per second of a camera, and of a screen: below. */
  fps: { warn: 7, bad: 2 },
  screen_fps: { warn: 2, bad: 0.5 },
  /** Time in which the sender made do with less, in percent: for want of processor, of network. */
  cpu: { warn: 30, bad: 60 },
  uplink: { warn: 30, bad: 60 },
  /** Seconds of a microphone that gives nothing. */
  silent_mic: { warn: 30, bad: 30 },
  /** Seconds from a session's acceptance to its first bytes. */
  slow_start: { warn: 5, bad: 10 },
  /** Seconds that a connection may take, and that two may be present without a session. */
  not_connected: { warn: 10, bad: 10 },
  no_path: { warn: 10, bad: 10 },
  /** Seconds of somebody of whom nothing is seen but their presence. */
  ghost: { warn: 60, bad: 60 },
  /** Sessions of a pair in five minutes; stays of a user in ten. */
  flapping: { warn: 3, bad: 6 },
  flapping_stays: { warn: 2, bad: 4 },
} as const satisfies Record<string, Threshold>;

/** A set of thresholds. */
export type Thresholds = { readonly [Name in keyof typeof defaultThresholds]: Threshold };

/** Energy of sound per second below which a microphone gives nothing: -80 dB of full scale. */
export const silence = 1e-8;

/** How bad a value is. */
export type Grade = "ok" | "warn" | "bad";

/** Grades a value of which more is worse. */
export function grade(value: number | null, { warn, bad }: Threshold): Grade {
  if (value === null) return "ok";
  return value > bad ? "bad" : value > warn ? "warn" : "ok";
}

/** Grades a value of which less is worse. */
export function gradeLow(value: number | null, { warn, bad }: Threshold): Grade {
  if (value === null) return "ok";
  return value < bad ? "bad" : value < warn ? "warn" : "ok";
}

/** The wording of a setting is wrong; the message says what would be right. */
export class BadThresholds extends Error {
  override name = "BadThresholds";
}

/**
 * Reads thresholds as a setting writes them: `loss=3/10, delay=300/500`, warn and bad; what is not named stays.
 * Throws {@link BadThresholds}.
 */
export function readThresholds(text: string): Thresholds {
  const changed = Object.fromEntries(
    text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
      const { name = "", warn, bad } = written.exec(part)?.groups ?? {};
      if (!Object.hasOwn(defaultThresholds, name)) {
        throw new BadThresholds(
          `takes name=warn/bad with commas between, of ${Object.keys(defaultThresholds).join(", ")}; ` +
            `got ${JSON.stringify(part.slice(0, 60))}`,
        );
      }
      return [name, { warn: Number(warn), bad: Number(bad) }];
    }),
  );
  return { ...defaultThresholds, ...changed };
}

// ---

const written = /^(?<name>[a-z_]+)\s*=\s*(?<warn>\d{1,9}(\.\d{1,6})?)\s*\/\s*(?<bad>\d{1,9}(\.\d{1,6})?)$/;
