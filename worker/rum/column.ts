// One column of the wide event, and the few ways to declare one.
import type { Kind } from "./kinds.ts";

/** Who says a value: the page, the server by the request, the token, or sealing. */
type Source = "early" | "late" | "both" | "server" | "token" | "stitch";

/** Where a value stands in each kind of beacon. */
type Places = { readonly early?: number; readonly late?: number };

/** One column; its name is its key in the table. */
export type Column<T = unknown, S extends Source = Source, P extends Places = Places> = {
  readonly source: S;
  readonly places: P;
  readonly kind: Kind<T>;
  /** 1: filled wherever the browser can say; 2: filled where that is cheap. */
  readonly tier: 1 | 2;
  readonly doc: string;
};

/** Said in the early beacon, at position `at`. */
export function early<const N extends number, T>(
  at: N,
  kind: Kind<T>,
  doc: string,
): Column<T, "early", { readonly early: N }> {
  return { source: "early", places: { early: at }, kind, tier: 1, doc };
}

/** Said in late beacons, at position `at`. */
export function late<const N extends number, T>(
  at: N,
  kind: Kind<T>,
  doc: string,
): Column<T, "late", { readonly late: N }> {
  return { source: "late", places: { late: at }, kind, tier: 1, doc };
}

/** Said in every beacon, at the same position; a later one's word counts. */
export function both<const N extends number, T>(
  at: N,
  kind: Kind<T>,
  doc: string,
): Column<T, "both", { readonly early: N; readonly late: N }> {
  return { source: "both", places: { early: at, late: at }, kind, tier: 1, doc };
}

/** Said by the server that took the beacon or the sampled request. */
export function server<T>(kind: Kind<T>, doc: string): Column<T, "server"> {
  return { source: "server", places: {}, kind, tier: 1, doc };
}

/** Said by the arms token, once its signature was verified. */
export function token<T>(kind: Kind<T>, doc: string): Column<T, "token"> {
  return { source: "token", places: {}, kind, tier: 1, doc };
}

/** Worked out from the others when the view is sealed. */
export function sealed<T>(kind: Kind<T>, doc: string): Column<T, "stitch"> {
  return { source: "stitch", places: {}, kind, tier: 1, doc };
}

/** The same column in the second tier. */
export function second<C extends Column>(column: C): C {
  return { ...column, tier: 2 };
}
