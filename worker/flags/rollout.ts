// What flagd lacks: for whom, in which steps and how far a flag has come. The
// document alone; how it moves is in `transition.ts`, what it means for a
// request in `rollout-targeting.ts` and `plan.ts`.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { leastHoldoutPpm, mostHoldoutPpm, places } from "./arms.ts";
import { jsonObject } from "./definition.ts";
import { issuesOf, type Issue } from "./issue.ts";
import { reservedNames } from "./json-bounds.ts";
import { patchSchema, type DeliveryPatch } from "./parameters.ts";

/** What is assigned to an arm as a whole. */
export const units = ["account", "snippet", "visitor", "request", "colo", "sdkKey"] as const;

export const states = ["draft", "ramping", "held", "promoted", "rolled_back", "killed"] as const;
export type RolloutState = (typeof states)[number];

const key = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "must be of a-z, 0-9, dot, dash and underscore"),
  v.check((name) => !reservedNames.has(name), "is reserved"),
);
const time = v.pipe(v.number(), v.integer("must be whole ms"), v.minValue(0));
const count = v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(0));

function ppm(least: number, most: number) {
  const range = `must be from ${least} to ${most} ppm`;
  return v.pipe(
    v.number(range),
    v.integer(range),
    v.minValue(least, range),
    v.maxValue(most, range),
  );
}

export const stageSchema = v.strictObject({
  sharePpm: ppm(1, places),
  minTimeMs: count,
  minViews: count,
  mode: v.picklist(["judged", "manual"], "must be judged or manual"),
});

const stages = v.pipe(
  v.array(stageSchema),
  v.minLength(1, "must have a stage"),
  v.maxLength(32, "must not have more than 32 stages"),
  v.check(
    (list) => list.every((each, at) => at === 0 || each.sharePpm > (list[at - 1]?.sharePpm ?? 0)),
    "must grow from stage to stage",
  ),
);

/** `[from, to)` in ppm. */
const range = v.pipe(
  v.strictTuple([ppm(0, places - 1), ppm(1, places)]),
  v.check(([from, to]) => from < to, "must not be empty"),
);

const ranges = v.pipe(
  v.array(range),
  v.minLength(1, "must have a range"),
  v.maxLength(32, "must not have more than 32 ranges"),
  v.check(
    (list) => list.every(([from], at) => at === 0 || from >= (list[at - 1]?.[1] ?? 0)),
    "must be in order and apart",
  ),
);

const freeze = v.pipe(
  v.strictObject({ fromMs: time, toMs: time }),
  v.check(({ fromMs, toMs }) => fromMs < toMs, "must end after it begins"),
);

/** A rollout as it is stored. */
export const rolloutSchema = v.strictObject({
  /** Key of the flag. */
  flag: key,
  /** Short name of the flag in tokens, unique among rollouts. */
  code: v.pipe(v.string(), v.regex(/^[a-z0-9]{1,4}$/, "must be one to four of a-z and 0-9")),
  unit: v.picklist(units, `must be one of ${units.join(", ")}`),
  /** What the hash begins with. It never changes while the rollout lives. */
  seed: v.pipe(v.string(), v.regex(/^[\w.-]{8,64}$/, "must be 8 to 64 characters")),
  /** JsonLogic over the request's context; everybody where it is left out. */
  audience: v.exactOptional(jsonObject),
  patch: patchSchema,
  /** Header fields of its patch that no flag may set any more: nobody gets them. */
  withdrawn: v.exactOptional(v.record(v.string(), v.string())),
  stages,
  /** Rollouts of one layer never meet: each has ranges of its own. */
  layer: v.exactOptional(v.strictObject({ name: key, ranges })),
  /** Keys of flags whose change a request must have for this flag to touch it. */
  prerequisites: v.pipe(v.array(key), v.maxLength(8, "must not be more than 8")),
  holdoutPpm: ppm(leastHoldoutPpm, mostHoldoutPpm),
  /** Times in which nothing grows. */
  freezes: v.pipe(v.array(freeze), v.maxLength(64, "must not be more than 64")),
  /** The judge's business, opaque here. */
  guardrails: v.exactOptional(v.unknown()),

  state: v.picklist(states),
  /** Index of the stage last reached; undefined in a draft. */
  stage: v.exactOptional(count),
  /** Share of the audience in the canary. */
  sharePpm: ppm(0, places),
  /** How often the rollout was started: evidence of different attempts is kept apart. */
  attempt: count,
  /** Grows by one with every change. */
  revision: count,
  changedAtMs: time,
  /** When the current share was set. */
  shareSetAtMs: time,
});

type Stored = v.InferOutput<typeof rolloutSchema>;
export type Freeze = v.InferOutput<typeof freeze>;
export type Rollout = Readonly<Omit<Stored, "patch">> & { readonly patch: DeliveryPatch };

/** What its author chooses; the rest is the state machine's. */
const planSchema = v.omit(rolloutSchema, [
  "withdrawn",
  "state",
  "stage",
  "sharePpm",
  "attempt",
  "revision",
  "changedAtMs",
  "shareSetAtMs",
]);
export type RolloutPlan = Omit<
  Rollout,
  | "withdrawn"
  | "state"
  | "stage"
  | "sharePpm"
  | "attempt"
  | "revision"
  | "changedAtMs"
  | "shareSetAtMs"
>;

export type RolloutError = {
  readonly reason: "invalid_rollout";
  readonly issues: readonly Issue[];
};

/** A new rollout, in its first state. Refuses what the state machine alone may set. */
export function draftRollout(plan: unknown, nowMs: number): Result<Rollout, RolloutError> {
  const parsed = v.safeParse(planSchema, plan);
  if (!parsed.success) return err({ reason: "invalid_rollout", issues: issuesOf(parsed.issues) });
  const started = { state: "draft", sharePpm: 0, attempt: 0, revision: 1 } as const;
  return ok({ ...parsed.output, ...started, changedAtMs: nowMs, shareSetAtMs: nowMs });
}

/** Whether it assigns units to arms. */
export function isLive({ state }: Pick<Rollout, "state">): boolean {
  return state === "ramping" || state === "held";
}

const staleAfterMs = 30 * 24 * 3_600_000;

/** Whether it should be cleaned up: promoted, or untouched for thirty days. */
export function isStale(rollout: Pick<Rollout, "state" | "changedAtMs">, nowMs: number): boolean {
  return rollout.state === "promoted" || nowMs - rollout.changedAtMs >= staleAfterMs;
}
