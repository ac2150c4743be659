/**
 * The last four questions, which the two ends' measurements answer: did the device give anything, did it leave,
 * did it arrive, could it be played. Where only one end measured, the other's part follows from it or is unknown.
 *
 * @module
 */
import type { Direction, Witnesses } from "./direction.ts";
import type { Sample } from "./sample.ts";
import { type Grade, grade, gradeLow, silence, type Thresholds } from "./thresholds.ts";
import { answered, type Step, unknown, type VerdictCode } from "./verdict.ts";

/** Which part of the way loses packets, seen from the others' calls. */
export type LossCode = "loss_uplink" | "loss_downlink" | "loss";

/** 4. Did the speaker's device give anything? */
export function whereCaptured({ media }: Direction, witnesses: Witnesses, thresholds: Thresholds): Step {
  const { sent, received, sentBefore, receivedBefore } = witnesses;
  if (media === "audio") {
    for (const [by, samples] of [["speaker", sentBefore], ["hearer", receivedBefore]] as const) {
      const last = samples.at(-1);
      if (!last || last.energy === null) continue;
      const silent = silentSeconds(samples);
      const values = { energy: last.energy, silent_seconds: silent };
      // A pause between two sentences is none. A sample's share of thirty seconds is cut by where it begins.
      const isSilent = silent > 0 && silent >= thresholds.silent_mic.warn - sampleLength;
      return isSilent
        ? answered("captured", "no", by, { code: "silent_microphone", values, events: eventsOf(samples) })
        : answered("captured", "yes", by, { values, events: last.events });
    }
    return unknown("captured");
  }
  if (sent && sent.source_frames !== null) {
    const values = { frames: sent.source_frames };
    return sent.source_frames === 0 && media === "video"
      ? answered("captured", "no", "speaker", { code: "no_picture", values, events: sent.events })
      : answered("captured", "yes", "speaker", { values, events: sent.events });
  }
  if ((received?.frames ?? 0) > 0) return answered("captured", "yes", "hearer", { events: received!.events });
  return unknown("captured");
}

/** 5. Did packets leave the speaker? */
export function whereSent({ media }: Direction, { sent, received }: Witnesses, thresholds: Thresholds): Step {
  if (!sent || sent.packets === null) {
    return (received?.packets ?? 0) > 0
      ? answered("sent", "yes", "hearer", { events: received!.events })
      : unknown("sent");
  }
  const { packets, bitrate, cpu, bandwidth, fps, events } = sent;
  const values = { packets, bitrate, ...media !== "audio" && { fps, cpu, bandwidth } };
  // A screen on which nothing moves sends nothing.
  if (packets === 0 && media !== "screen") {
    return answered("sent", "no", "speaker", { code: "not_sent", values, events });
  }
  if (grade(cpu, thresholds.cpu) !== "ok") {
    return answered("sent", "partly", "speaker", { code: "cpu_limited", values, events });
  }
  if (grade(bandwidth, thresholds.uplink) !== "ok") {
    return answered("sent", "partly", "speaker", { code: "uplink_limited", severity: 1, values, events });
  }
  return answered("sent", "yes", "speaker", { values, events });
}

/** 6. Did they reach the hearer? */
export function whereReceived(
  { media }: Direction,
  { sent, received, hearerReading }: Witnesses,
  thresholds: Thresholds,
  lossCode: () => LossCode,
): Step {
  if (!received && hearerReading?.packets === 0) {
    const events = [hearerReading.event_id];
    return answered("received", "no", "hearer", { code: "not_received", values: { packets: 0 }, events });
  }
  const [by, witness] = received ? ["hearer", received] as const : ["speaker", sent] as const;
  if (!witness) return unknown("received");
  const { loss, rtt, packets, bitrate, events } = witness;
  if (by === "speaker" && loss === null) return unknown("received");
  const values = {
    loss,
    rtt,
    worst_loss: witness.last.worst_loss,
    ...by === "hearer" && { packets, bitrate },
  };
  if (by === "hearer" && packets === 0 && !(media === "screen" && sent?.packets === 0)) {
    return answered("received", "no", by, {
      code: "not_received",
      values,
      events: [...events, ...sent?.events ?? []],
    });
  }
  const lost = grade(loss, thresholds.loss);
  if (lost !== "ok") {
    return answered("received", "partly", by, {
      code: lossCode(),
      severity: severityOf(lost),
      values,
      events,
    });
  }
  if (grade(rtt, thresholds.delay) !== "ok") {
    return answered("received", "partly", by, { code: "delay", severity: 1, values, events });
  }
  return answered("received", "yes", by, { values, events });
}

/** 7. Could it be played? Only the hearer knows. */
export function wherePlayable({ media }: Direction, { received }: Witnesses, thresholds: Thresholds): Step {
  if (!received) return unknown("playable");
  const { concealment, freeze, buffer, jitter, mos, frames, fps, packets, energy, events } = received;
  const values = media === "audio"
    ? { concealment, buffer, jitter, energy, mos }
    : { freeze, fps, frames, buffer, jitter };
  const finding = (code: VerdictCode, found: Grade, worst: 1 | 2 = 2): Step | undefined =>
    found === "ok" ? undefined : answered("playable", "partly", "hearer", {
      code,
      severity: worst === 1 ? 1 : severityOf(found),
      values,
      events,
    });
  const undecoded = media !== "audio" && frames === 0 && (packets ?? 0) > 20;
  return (undecoded
    ? answered("playable", "no", "hearer", { code: "not_decoded", values, events })
    : undefined) ??
    (media === "audio" ? finding("choppy", grade(concealment, thresholds.choppy_audio)) : undefined) ??
    (media !== "audio" ? finding("frozen", grade(freeze, thresholds.frozen_video)) : undefined) ??
    // A camera in the dark is slow, and no screen moves all the time.
    (media === "video" ? finding("frozen", gradeLow(fps, thresholds.fps), 1) : undefined) ??
    finding("late", grade(buffer, thresholds.buffer), 1) ??
    answered("playable", "yes", "hearer", { values, events });
}

// ---

/** Usual length of a sample, in seconds. */
const sampleLength = 10;

function severityOf(found: Grade): 1 | 2 {
  return found === "bad" ? 2 : 1;
}

/** For how many seconds up to the last of these samples there was no sound. */
function silentSeconds(samples: readonly Sample[]): number {
  const loud = samples.findLastIndex(({ energy }) => (energy ?? 0) > silence);
  const silent = samples.slice(loud + 1).filter(({ energy }) => energy !== null);
  return silent.reduce((sum, { begin, end }) => sum + (end - begin) / 1000, 0);
}

function eventsOf(samples: readonly Sample[]): number[] {
  return samples.slice(-3).flatMap(({ events }) => events);
}
