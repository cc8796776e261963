// All that decides a delivery at one moment, under a number that only grows. A
// torn or older snapshot is never taken over a newer one: the last good one stays.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import type { FlagSet } from "./definition.ts";
import { issuesOf, type Issue } from "./issue.ts";
import { isObject } from "./logic/expression.ts";
import { rolloutSchema, type Rollout } from "./rollout.ts";
import { withoutWithdrawn } from "./stored-rollout.ts";
import { rolloutDefinition } from "./rollout-targeting.ts";

const whole = v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(0));

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"));

// Checked when they were imported. Ten thousand of them take a good part of a second
// to check again, and every isolate would, with every publish.
const checkedDefinitions = v.custom<FlagSet>(
  (input) => isObject(input) && isObject((input as { readonly flags?: unknown }).flags),
  "must be a flagd file",
);

const ring = v.object({ epoch: whole, shards: whole, most: whole, sinceMs: whole });

// Fields that are not known are left out, and so is a rollout that cannot be read:
// while a deploy is under way, the writer may know more than the reader, and a
// kill in the same snapshot must still arrive.
const snapshotSchema = v.object({
  version: v.literal(1, "is a version that this code does not know"),
  /** Grows with every change of anything below. */
  edition: whole,
  /** Grows with every change of flags and rollouts: the edition of the latest. */
  epoch: whole,
  createdAtMs: whole,
  /** Definitions that are no rollouts. */
  flags: checkedDefinitions,
  rollouts: v.array(v.unknown()),
  /** SHA-256 of the engines that rollouts name, by version. */
  engines: v.record(v.string(), digest),
  /** SHA-256 of the two parts of the beacons that rollouts name, by version. */
  beacons: v.optional(
    v.record(v.string(), v.object({ early: digest, collector: digest })),
    () => ({}),
  ),
  /** Accounts whose pages are not measured, whatever else says that they are. */
  mutedAccounts: v.optional(v.array(v.string()), () => []),
  /** Pointers moved a moment ago, newer than what KV may still say. Opaque here. */
  pointers: v.array(v.unknown()),
  /** Keys of tokens and visitors, newest first: each lives on while the next one signs. */
  signingKeys: v.array(digest),
  /** When the newest of them was made, ms since 1970. */
  signsSinceMs: v.optional(whole, 0),
  /** Sinks that an operator has told to wait, by name. */
  pausedSinks: v.optional(v.array(v.string()), []),
  /** How many shards page views have, newest first: see #rum/window/ring.ts. */
  rings: v.optional(v.array(ring), []),
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
  edition: 0,
  epoch: 0,
  createdAtMs: 0,
  flags: { flags: {} },
  rollouts: [],
  engines: {},
  beacons: {},
  mutedAccounts: [],
  pointers: [],
  signingKeys: [],
  signsSinceMs: 0,
  pausedSinks: [],
  rings: [],
};

/** A snapshot, and what was wrong with the rollouts that were left out of it. */
export type ParsedSnapshot = { readonly snapshot: Snapshot; readonly faults: readonly Issue[] };

/** Checks a stored snapshot's text. What is torn is refused as a whole. */
export function parseSnapshot(text: string): Result<ParsedSnapshot, SnapshotError> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    const issues = [{ path: "", message: "is no JSON" }];
    return err({ reason: "invalid_snapshot", issues });
  }
  const parsed = v.safeParse(snapshotSchema, input);
  if (!parsed.success) return err({ reason: "invalid_snapshot", issues: issuesOf(parsed.issues) });
  const rollouts = new Map<string, Rollout>();
  const faults: Issue[] = [];
  for (const [at, each] of parsed.output.rollouts.entries()) {
    const rollout = v.safeParse(rolloutSchema, withoutWithdrawn(each));
    if (rollout.success) rollouts.set(rollout.output.flag, rollout.output);
    else
      for (const { path, message } of issuesOf(rollout.issues)) {
        faults.push({ path: `rollouts.${at}.${path}`, message });
      }
  }
  return ok({ snapshot: { ...parsed.output, rollouts: [...rollouts.values()] }, faults });
}

/**
 * Everything as one flagd file: definitions, and rollouts as flags. A rollout takes
 * the place of a definition of the same name; those that are not under way are disabled.
 */
export function exportFlagSet({ flags, rollouts }: Pick<Snapshot, "flags" | "rollouts">): FlagSet {
  const all = new Map(rollouts.map((each) => [each.flag, each]));
  const definitions = rollouts.map((each) => [each.flag, rolloutDefinition(each, all)] as const);
  return {
    $schema: "https://flagd.dev/schema/v0/flags.json",
    ...flags,
    flags: { ...flags.flags, ...Object.fromEntries(definitions) },
  };
}
