// All that decides a delivery at one moment, under a number that only grows. A
// torn or older snapshot is never taken over a newer one: the last good one stays.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { flagSetSchema, type FlagSet } from "./definition.ts";
import { issuesOf, type Issue } from "./issue.ts";
import { compilePlan, type Plan } from "./plan.ts";
import { rolloutSchema, type Rollout } from "./rollout.ts";
import { rolloutDefinition } from "./rollout-targeting.ts";

const whole = v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(0));

const snapshotSchema = v.strictObject({
  version: v.literal(1, "is a version that this code does not know"),
  /** Grows with every change of anything below. */
  epoch: whole,
  createdAtMs: whole,
  /** Definitions that are no rollouts. */
  flags: flagSetSchema,
  rollouts: v.pipe(
    v.array(rolloutSchema),
    v.check((list) => isUnique(list.map((each) => each.flag)), "must have one rollout for a flag"),
    v.check((list) => isUnique(list.map((each) => each.code)), "must have one code for a flag"),
  ),
  /** Flags that are off whatever their rollout says; "all" is everything stable. */
  killed: v.union([v.literal("all"), v.array(v.string())]),
  /** Pointers moved a moment ago, newer than what KV may still say. Opaque here. */
  pointers: v.array(v.unknown()),
});

type Stored = v.InferOutput<typeof snapshotSchema>;

export type Snapshot = Readonly<Omit<Stored, "rollouts">> & {
  readonly rollouts: readonly Rollout[];
};

export type SnapshotError = {
  readonly reason: "invalid_snapshot";
  readonly issues: readonly Issue[];
};

/** What every request gets before any snapshot came: everything stable. */
export const safeSnapshot: Snapshot = {
  version: 1,
  epoch: 0,
  createdAtMs: 0,
  flags: { flags: {} },
  rollouts: [],
  killed: [],
  pointers: [],
};

function isUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

/** Checks a stored snapshot's text. Anything torn is refused as a whole. */
export function parseSnapshot(text: string): Result<Snapshot, SnapshotError> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    const issues = [{ path: "", message: "is no JSON" }];
    return err({ reason: "invalid_snapshot", issues });
  }
  const parsed = v.safeParse(snapshotSchema, input);
  if (parsed.success) return ok(parsed.output);
  return err({ reason: "invalid_snapshot", issues: issuesOf(parsed.issues) });
}

/** Of the snapshot held and one that came, the one to hold: only a greater epoch replaces. */
export function acceptSnapshot<T extends { readonly epoch: number }>(current: T, next: T): T {
  return next.epoch > current.epoch ? next : current;
}

/** The snapshot's rollouts, ready for requests. */
export function planSnapshot({ rollouts, killed }: Snapshot): Plan {
  return killed === "all" ? compilePlan([], new Set()) : compilePlan(rollouts, new Set(killed));
}

/**
 * Everything as one flagd file: definitions, and rollouts as flags. A rollout takes
 * the place of a definition of the same name; killed flags are disabled.
 */
export function exportFlagSet({ flags, rollouts, killed }: Snapshot): FlagSet {
  const off = new Set(killed === "all" ? rollouts.map((each) => each.flag) : killed);
  const now = rollouts.map((each) =>
    off.has(each.flag) ? { ...each, state: "killed" as const, sharePpm: 0 } : each,
  );
  const all = new Map(now.map((each) => [each.flag, each]));
  const definitions = now.map((each) => [each.flag, rolloutDefinition(each, all)] as const);
  return {
    $schema: "https://flagd.dev/schema/v0/flags.json",
    ...flags,
    flags: { ...flags.flags, ...Object.fromEntries(definitions) },
  };
}
