import fc from "fast-check";

/** Scripts, emoji, and what is invisible, combines, turns the direction or needs an escape. */
const curious = [
  ..."aZ09 .-_\\\"&'/:<>@{}%#",
  ...["\\20", "\\5c", "\\40", "{41}", "{1f680}", "{d800}", "{5c}", "{sha256}"],
  ...["🚀", "👩‍💻", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇩🇪", "👍🏽", "₹", "ꙮ", "Ⱥ", "Ⴀ", "Ꭰ", "ß", "ẞ", "ς", "İ", "ﬁ", "ｗ", "①"],
  ...["א", "ש", "ם", "م", "ر", "ـ", "١", "۱", "ދ", "ܐ"],
  ...["日", "本", "한", "\u1112", "\u1161", "\u11ab", "が", "ｶﾞ", "ก", "ำ", "क", "्", "ष"],
  ...["\u0301", "\u0323", "\u0338", "\u0345", "\u3099", "=", "e", "ᾳ", "\u1e9b", "\uf951", "\u{2f868}"],
  ...["\u00ad", "\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\ufe0f", "\ufeff", "\u{e0101}", "\u115f"],
  ...[
    "\u00a0",
    "\u3000",
    "\u1680",
    "\u2028",
    "\u0000",
    "\t",
    "\u0085",
    "\ue000",
    "\ufffd",
    "\uffff",
    "\u0378",
  ],
  ...["\ud800", "\udc00"],
];

/** Texts as people write them, and as nobody does. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...curious), { maxLength: 12 }).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.array(fc.oneof(fc.constantFrom(...curious), fc.string({ unit: "binary", maxLength: 2 })), {
    maxLength: 12,
  })
    .map((parts) => parts.join("")),
);
