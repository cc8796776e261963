// What is noted of the one delivery request in many that becomes an event.
import type { ArmOfFlag } from "#flags/assignment.ts";
import type { CacheState } from "#src/delivery/headers.ts";
import type { RequestContext } from "./request-context.ts";

/** A request that is looked at, and what its way to the answer notes. */
export type Sample = {
  readonly subject: RequestContext;
  readonly arms: readonly ArmOfFlag[];
  readonly rate: number;
  bytes: number;
  cache: CacheState | undefined;
};

export function newSample(
  subject: RequestContext,
  arms: readonly ArmOfFlag[],
  rate: number,
): Sample {
  return { subject, arms, rate, bytes: 0, cache: undefined };
}
