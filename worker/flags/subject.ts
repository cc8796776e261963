// Who is asked about, and how a compiled logic gets to see it.
import type { Logic } from "./logic/compile-logic.ts";
import { contextMark } from "./logic/contextual.ts";

/** Who asks, and when. */
export type Subject = {
  /** What targeting reads; for rollouts, units under their names. */
  readonly context: { readonly [key: string]: unknown };
  /** Ms since the epoch: targetings see it in whole seconds, as `$flagd.timestamp`. */
  readonly nowMs: number;
};

/** Runs a flag's logic; the context is copied only for logic that needs more than its members. */
export function runLogic(logic: Logic, flagKey: string, { context, nowMs }: Subject): unknown {
  if (!logic.needsContext) return logic.run(context);
  const timestamp = Math.floor(nowMs / 1_000);
  return logic.run({ ...context, $flagd: { flagKey, timestamp }, [contextMark]: true });
}
