/**
 * Content negotiation by `Accept` (RFC 9110 §12.5.1).
 *
 * @module
 */

/** How well a client takes what is offered. */
export interface Preference {
  /** 0 (not at all) to 1. */
  readonly quality: number;
  /** 0 for any type, 1 for any subtype, 2 for the type itself. -1: nothing names it. */
  readonly specificity: number;
  /** Place of the range in the header. */
  readonly order: number;
}

/** What an `Accept` header says of a media type: the most specific range that covers it decides. */
export function preferenceFor(accept: string, mediaType: string): Preference {
  let best: Preference = { quality: 0, specificity: -1, order: Infinity };
  for (const [order, range] of parse(accept).entries()) {
    const specificity = specificityOf(range.type, mediaType);
    if (specificity > best.specificity) best = { quality: range.quality, specificity, order };
  }
  return best;
}

/**
 * The offer that a client likes best: by weight, then by how exactly it was named, then by its place in the
 * header, then by its place among the offers. The first offer where the header is absent or takes none: to
 * a reader that says nothing useful, something is more useful than 406.
 */
export function negotiate<Offer extends string>(
  accept: string | undefined,
  offers: readonly [Offer, ...Offer[]],
): Offer {
  const ranked = offers.map((offer) => ({ offer, ...preferenceFor(accept ?? "*/*", offer) }))
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || b.specificity - a.specificity || a.order - b.order);
  return ranked[0]?.offer ?? offers[0];
}

// ---

interface Range {
  readonly type: string;
  readonly quality: number;
}

function parse(accept: string): Range[] {
  return accept.split(",").flatMap((part) => {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    if (!/^[^/\s]+\/[^/\s]+$/.test(type)) return [];
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.split("=")[1]?.trim();
    // A weight that is none counts as 1, as if it were absent.
    const quality = weight !== undefined && /^(0(\.\d*)?|1(\.0*)?)$/.test(weight) ? Number(weight) : 1;
    return [{ type, quality }];
  });
}

function specificityOf(range: string, mediaType: string): number {
  if (range === mediaType) return 2;
  if (range === "*/*") return 0;
  return range.endsWith("/*") && mediaType.startsWith(range.slice(0, -1)) ? 1 : -1;
}
