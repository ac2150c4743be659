/** What a benchmark found: the first figure is the measure that the others are compared with. */
export interface Finding {
  readonly name: string;
  /** Per second, or bytes. */
  readonly figures: readonly { readonly label: string; readonly value: number }[];
}
