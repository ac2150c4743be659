/**
 * Settings of what is made of measurements: from when on something is an issue, and how long raw reports are kept.
 *
 * @module
 */
import { z } from "zod";
import { BadThresholds, defaultThresholds, readThresholds, type Thresholds } from "./quality/thresholds.ts";

/** The settings' names, defaults and checks. */
export const qualitySettings = {
  TALKY_QUALITY_THRESHOLDS: z.string().transform((value, context): Thresholds => {
    try {
      return readThresholds(value);
    } catch (error) {
      if (!(error instanceof BadThresholds)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  }).default(defaultThresholds),
  TALKY_MEASUREMENT_DAYS: z.string().regex(
    /^[1-9]\d{0,4}$/,
    "must be a whole number of days, from 1 to 99999",
  )
    .transform(Number).optional(),
};

/** What is made of measurements. */
export interface QualitySettings {
  readonly thresholds: Thresholds;
}

/** The settings as the service uses them. */
export function readQuality(
  value: z.infer<z.ZodObject<typeof qualitySettings>>,
): QualitySettings {
  return { thresholds: value.TALKY_QUALITY_THRESHOLDS };
}
