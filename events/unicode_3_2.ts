/**
 * Which characters Unicode 3.2 knew, and which way they are written: what stringprep (RFC 3454) goes by, and
 * with it every XMPP server. It never changes. `tests/events/nodeprep.test.ts` compares it with Prosody's, for
 * every character there is.
 *
 * @module
 */

/**
 * What nodeprep (RFC 6122, appendix A) says of a character that its mapping leaves as it is: `x` no node has it
 * (unassigned in 3.2, or prohibited), `l` and `r` it is written from the left or the right, `n` it takes the
 * direction of what is around it. Of characters that the mapping changes, the class means nothing.
 */
export type NodeClass = "x" | "l" | "r" | "n";

/** The class of a code point. */
export function nodeClass(codePoint: number): NodeClass {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= codePoint) low = middle;
    else high = middle - 1;
  }
  return classes[low]!;
}

// ---

/** Where each run of one class begins: the class, then the first code point in hexadecimal. */
const runs = `
x0 n21 x22 n23 x26 n28 x2f n30 x3a n3b x3c n3d x3e n3f x40 n5b l61 n7b x7f na1 le0 nf7 lf8 x221 l223
x234 l250 x2ae n2b9 l2bb n2c2 l2d0 n2d2 l2ee x2ef n300 x350 n360 x371 n375 x377 l390 x3a2 l3ac n3f6 x3f8
l430 n483 x487 n488 l48b x4cf l4d1 x4f7 l4f9 x4fb l501 x511 l559 x560 l561 x588 l589 n58a x58b n591 x5a2
n5a3 x5ba n5bb r5be n5bf r5c0 n5c1 r5c3 n5c4 x5c5 r5d0 x5eb r5f0 x5f5 n60c x60d r61b x61c r61f x620 r621
x63b r640 n64b x656 n660 r66d n670 r671 n6d6 x6dd n6de r6e5 n6e7 x6ee n6f0 r6fa x6ff r700 x70e r710 n711
r712 x72d n730 x74b r780 n7a6 r7b1 x7b2 n901 l903 x904 l905 x93a n93c l93d n941 l949 n94d x94e l950 n951
x955 l960 n962 l964 x971 n981 l982 x984 l985 x98d l98f x991 l993 x9a9 l9aa x9b1 l9b2 x9b3 l9b6 x9ba n9bc
x9bd l9be n9c1 x9c5 l9c7 x9c9 l9cb n9cd x9ce l9d7 x9d8 l9e0 n9e2 x9e4 l9e6 n9f2 l9f4 x9fb na02 xa03 la05
xa0b la0f xa11 la13 xa29 la2a xa31 la32 xa34 la35 xa37 la38 xa3a na3c xa3d la3e na41 xa43 na47 xa49 na4b
xa4e la5c xa5d la66 na70 la72 xa75 na81 la83 xa84 la85 xa8c la8d xa8e la8f xa92 la93 xaa9 laaa xab1 lab2
xab4 lab5 xaba nabc labd nac1 xac6 nac7 lac9 xaca lacb nacd xace lad0 xad1 lae0 xae1 lae6 xaf0 nb01 lb02
xb04 lb05 xb0d lb0f xb11 lb13 xb29 lb2a xb31 lb32 xb34 lb36 xb3a nb3c lb3d nb3f lb40 nb41 xb44 lb47 xb49
lb4b nb4d xb4e nb56 lb57 xb58 lb5f xb62 lb66 xb71 nb82 lb83 xb84 lb85 xb8b lb8e xb91 lb92 xb96 lb99 xb9b
lb9c xb9d lb9e xba0 lba3 xba5 lba8 xbab lbae xbb6 lbb7 xbba lbbe nbc0 lbc1 xbc3 lbc6 xbc9 lbca nbcd xbce
lbd7 xbd8 lbe7 xbf3 lc01 xc04 lc05 xc0d lc0e xc11 lc12 xc29 lc2a xc34 lc35 xc3a nc3e lc41 xc45 nc46 xc49
nc4a xc4e nc55 xc57 lc60 xc62 lc66 xc70 lc82 xc84 lc85 xc8d lc8e xc91 lc92 xca9 lcaa xcb4 lcb5 xcba lcbe
xcc5 lcc6 xcc9 lcca nccc xcce lcd5 xcd7 lcde xcdf lce0 xce2 lce6 xcf0 ld02 xd04 ld05 xd0d ld0e xd11 ld12
xd29 ld2a xd3a ld3e nd41 xd44 ld46 xd49 ld4a nd4d xd4e ld57 xd58 ld60 xd62 ld66 xd70 ld82 xd84 ld85 xd97
ld9a xdb2 ldb3 xdbc ldbd xdbe ldc0 xdc7 ndca xdcb ldcf ndd2 xdd5 ndd6 xdd7 ldd8 xde0 ldf2 xdf5 le01 ne31
le32 ne34 xe3b ne3f le40 ne47 le4f xe5c le81 xe83 le84 xe85 le87 xe89 le8a xe8b le8d xe8e le94 xe98 le99
xea0 lea1 xea4 lea5 xea6 lea7 xea8 leaa xeac lead neb1 leb2 neb4 xeba nebb lebd xebe lec0 xec5 lec6 xec7
nec8 xece led0 xeda lf00 nf18 lf1a nf35 lf36 nf37 lf38 nf39 lf3e xf48 lf49 xf6b nf71 lf7f nf80 lf85 nf86
lf88 xf8c nf90 xf98 nf99 xfbd lfbe nfc6 lfc7 xfcd lfcf xfd0 l1000 x1022 l1023 x1028 l1029 x102b l102c
n102d l1031 n1032 x1033 n1036 l1038 n1039 x103a l1040 n1058 x105a l10d0 x10f9 l10fb x10fd l1100 x115a
l115f x11a3 l11a8 x11fa l1200 x1207 l1208 x1247 l1248 x1249 l124a x124e l1250 x1257 l1258 x1259 l125a
x125e l1260 x1287 l1288 x1289 l128a x128e l1290 x12af l12b0 x12b1 l12b2 x12b6 l12b8 x12bf l12c0 x12c1
l12c2 x12c6 l12c8 x12cf l12d0 x12d7 l12d8 x12ef l12f0 x130f l1310 x1311 l1312 x1316 l1318 x131f l1320
x1347 l1348 x135b l1361 x137d l1401 x1677 l1681 n169b x169d l16a0 x16f1 l1700 x170d l170e n1712 x1715
l1720 n1732 l1734 x1737 l1740 n1752 x1754 l1760 x176d l176e x1771 n1772 x1774 l1780 n17b4 l17b6 n17b7
l17be n17c6 l17c7 n17c9 l17d4 n17db l17dc x17dd l17e0 x17ea n1800 x180e l1810 x181a l1820 x1878 l1880
n1885 l1887 n18a9 x18aa l1e01 x1e9c l1ea1 x1efb l1f00 x1f16 l1f20 x1f46 l1f50 x1f58 l1f60 x1f7e l1fb0
x1fb5 l1fb6 x1fc5 l1fc6 x1fd4 l1fd6 x1fdc l1fe0 x1ff0 l1ff6 x1fff n2010 x2028 n2030 x2053 n20a0 x20b2
n20d0 x20eb n2104 x214c l2180 x2184 n2190 l2336 n237b l2395 n2396 x23cf n2400 x2427 n2440 x244b n24eb
x24ff n2500 x2614 n2616 x2618 n2619 x267e n2680 x268a n2701 x2705 n2706 x270a n270c x2728 n2729 x274c
n274d x274e n274f x2753 n2756 x2757 n2758 x275f n2761 x2795 n2798 x27b0 n27b1 x27bf n27d0 x27ec n27f0
l2800 n2900 x2b00 n2e80 x2e9a n2e9b x2ef4 n3001 l3005 n3008 l3021 n302a l302e n3030 l3031 n3037 l303b
n303d x3040 l3041 x3097 n3099 l309d n30a0 l30a1 n30fb l30fc x3100 l3105 x312d l3190 x31b8 l31f0 x321f
l327f x4db6 l4e00 x9fa6 la000 xa48d na490 xa4c7 lac00 xd7a4 lfa0e xfa6e nfb1e xfb37 nfd3e xfd40 nfe20
xfe24 nfe45 xfe53 rfe73 xfe75 l10300 x1031f l10320 x10324 l10330 x1034b l10428 x1044e l1d000 x1d0f6
l1d100 x1d127 l1d12a n1d167 l1d16a x1d173 n1d17b l1d183 n1d185 l1d18c n1d1aa l1d1ae x1d1de l20000 x2a6d7
`.trim().split(/\s+/);

const classes = runs.map((run) => run[0] as NodeClass);
const starts = Uint32Array.from(runs, (run) => parseInt(run.slice(1), 16));
