// How far a computed number is from a reference, as a share of the reference.

/** |got − want| / |want|; 0 if both are the same number, Infinity if only `want` is 0. */
export function relativeError(got: number, want: number): number {
  return got === want ? 0 : Math.abs(got - want) / Math.abs(want);
}
