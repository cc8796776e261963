// When an artifact may be removed: after nothing has named it for as long as any publish may
// take, by the word of a whole look that began after that time.

/** What is known of one stored artifact while a cycle sweeps. */
export type Stored = {
  /** Whether anything named it when this cycle looked. */
  readonly isNamed: boolean;
  /** Since when nothing is known to name it; undefined where something did, or is about to. */
  readonly condemnedAtMs: number | undefined;
};

export type Cycle = { readonly startedAtMs: number; readonly graceMs: number };

/**
 * What becomes of it. Whoever is about to name it takes its condemnation back before, and names
 * it within the grace: a cycle that began a grace after the condemnation would have seen it.
 */
export function verdictOn(
  { isNamed, condemnedAtMs }: Stored,
  { startedAtMs, graceMs }: Cycle,
): "pardon" | "condemn" | "wait" | "remove" {
  if (isNamed) return "pardon";
  if (condemnedAtMs === undefined) return "condemn";
  return condemnedAtMs + graceMs <= startedAtMs ? "remove" : "wait";
}
