// Who is asked about, and how a compiled logic gets to see it.
import type { Logic } from "./logic/compile-logic.ts";
import { contextMark } from "./logic/contextual.ts";

/** Who asks, and when. */
export type Subject = {
  /** What targeting reads; for rollouts, units under their names. */
  readonly context: { readonly [key: string]: unknown };
  /** Ms since the epoch: targetings see it in whole seconds, as `$flagd.timestamp`. */
  readonly nowMs: number;
  /** The context as a plain object, where it is none: for logic that needs all of it. */
  whole?(): { readonly [key: string]: unknown };
};

/** Runs a flag's logic; the context is copied only for logic that needs more than its members. */
export function runLogic(logic: Logic, flagKey: string, subject: Subject): unknown {
  if (!logic.needsContext) return logic.run(subject.context);
  const all = subject.whole?.() ?? subject.context;
  const timestamp = Math.floor(subject.nowMs / 1_000);
  return logic.run({ ...all, $flagd: { flagKey, timestamp }, [contextMark]: true });
}
