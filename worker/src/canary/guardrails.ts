// What a rollout is judged by: a document that its author writes, checked at the boundary.
// Whoever leaves everything out gets `default-guardrails.ts`. Says nothing about how evidence
// is weighed; that is `judge-guardrail.ts`.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { issuesOf, type Issue } from "#flags/issue.ts";
import { defaultGuardrails } from "./default-guardrails.ts";

/** Evidence of a flag with this many guardrails stays within its bound: see `evidence-codec.ts`. */
export const mostGuardrails = 16;
const mostConditions = 4;

/** Visitors, or accounts, of fewer buckets than these are an anecdote. */
export const fewestBuckets = 8;

/** What a guardrail may read: a page view, or one sampled answer of the edge. */
const sources = ["page_view", "delivery"] as const;

function number(least: number, most: number) {
  const range = `must be a number from ${least} to ${most}`;
  return v.pipe(v.number(range), v.minValue(least, range), v.maxValue(most, range));
}

function whole(least: number, most: number) {
  return v.pipe(number(least, most), v.integer("must be a whole number"));
}

const column = v.pipe(
  v.string("must be the name of a column"),
  v.regex(/^[a-z][\w.:-]{0,119}$/, "must be the name of a column"),
);

const scalar = v.union(
  [v.pipe(v.string(), v.maxLength(256)), v.number(), v.boolean()],
  "must be a text, a number, true or false",
);

/** True where the column is, lies above or lies below a value; a null column is neither true nor false. */
const condition = v.pipe(
  v.strictObject({
    column,
    is: v.exactOptional(scalar),
    above: v.exactOptional(v.number("must be a number")),
    below: v.exactOptional(v.number("must be a number")),
  }),
  v.check(
    ({ is, above, below }) => [is, above, below].filter((each) => each !== undefined).length === 1,
    "must have one of is, above and below",
  ),
);

const duration = whole(0, 90 * 24 * 3_600_000);
const absent = v.exactOptional(v.picklist(["skip", "zero"], "must be skip or zero"));

const measure = v.variant(
  "kind",
  [
    /** A quantile of a duration in ms. */
    v.strictObject({ kind: v.literal("quantile"), column, p: number(0.01, 0.99) }),
    /** The mean of any column; values beyond `cap` count as `cap`. */
    v.strictObject({
      kind: v.literal("mean"),
      column,
      cap: v.exactOptional(number(0, Number.MAX_SAFE_INTEGER)),
      absent,
    }),
    /** How often something rare happens: below about one in ten. */
    v.strictObject({ kind: v.literal("rate"), of: condition, absent }),
    /** How often something frequent happens. */
    v.strictObject({ kind: v.literal("share"), of: condition, absent }),
    /** How many page views speak at all, of the assignments that the edge counted. */
    v.strictObject({ kind: v.literal("arrivals") }),
  ],
  "must be quantile, mean, rate, share or arrivals",
);

const guardrail = v.pipe(
  v.strictObject({
    name: v.pipe(
      v.string("must be a text"),
      v.regex(/^[a-z][a-z0-9_]{0,47}$/, "must be of a-z, 0-9 and underscore, at most 48"),
    ),
    source: v.optional(v.picklist(sources, "must be page_view or delivery"), "page_view"),
    measure,
    /** Counts only where all of these hold. */
    where: v.optional(
      v.pipe(v.array(condition), v.maxLength(mostConditions, "must not be more than 4")),
      [],
    ),
    /**
     * Whom the canary is compared with: the control, as small and as cold in every cache, or
     * everyone else, which takes less than half of the canary's units where caches do not
     * matter. Of a flag with an audience, prerequisites or a layer it is always the control,
     * for nobody knows who else could have been in the canary.
     */
    against: v.optional(
      v.picklist(["control", "everyone"], "must be control or everyone"),
      "control",
    ),
    worse: v.optional(v.picklist(["higher", "lower"], "must be higher or lower"), "higher"),
    /** `primary` must be shown unharmed before a ramp goes on; `guard` only takes it back; `watch` only reports. */
    role: v.optional(
      v.picklist(["primary", "guard", "watch"], "must be primary, guard or watch"),
      "primary",
    ),
    /** Harm that is no reason to go back, relative to the control: 0.05 is five per cent. */
    margin: v.optional(number(0, 1), 0),
    /** Harm that must be ruled out before a ramp goes on, relative; by the stage's share where left out. */
    advanceMargin: v.exactOptional(number(0.001, 20)),
    /** Part of the false-alarm budget, relative to the other guardrails' parts. */
    weight: v.optional(number(0.01, 100), 1),
    /** Units that either arm needs before it is judged; tests that are exact at any count need none. */
    minUnits: v.exactOptional(whole(0, 1_000_000_000)),
    /** Smallest effect of interest, relative: where a mean's test is sharpest. */
    effect: v.optional(number(0.001, 10), 0.1),
    /** As good as nothing, in the metric's unit: a mean may differ by it, a quantile or a rate may reach it. */
    negligible: v.optional(number(0, Number.MAX_SAFE_INTEGER), 0),
    /** The metric's mean before the start, in its unit; the control's own where left out. */
    base: v.exactOptional(number(0, Number.MAX_SAFE_INTEGER)),
  }),
  v.forward(
    // A histogram holds one ratio of the arms, and that to everyone changes with every stage;
    // of assignments only those of the two arms are counted.
    v.check(
      ({ measure: { kind }, against }) =>
        against === "control" || (kind !== "quantile" && kind !== "arrivals"),
      "must be control for quantiles and arrivals",
    ),
    ["against"],
  ),
  v.forward(
    v.check(
      ({ measure: { kind }, worse }) => kind !== "arrivals" || worse === "lower",
      "must be lower for arrivals",
    ),
    ["worse"],
  ),
);

const guardrails = v.pipe(
  v.array(guardrail, "must be a list"),
  v.maxLength(mostGuardrails, `must not have more than ${mostGuardrails} guardrails`),
  v.check(
    (list) => new Set(list.map(({ name }) => name)).size === list.length,
    "must not repeat a name",
  ),
  v.check(
    (list) => list.some(({ role }) => role === "primary"),
    "must have a primary guardrail, or nothing could ever be shown unharmed",
  ),
);

/** A complete policy. */
export const policySchema = v.strictObject({
  guardrails,
  /** Chance that a harmless change is ever taken back. */
  alpha: v.optional(number(0.0001, 0.2), 0.05),
  /** Whether verdicts are acted on, or only told. */
  automatic: v.optional(v.boolean("must be true or false"), true),
  /** Units of the canary that a stage needs before a ramp goes on. */
  minViews: v.optional(whole(0, 1_000_000_000), 200),
  /** How long a stage may stay undecided before a person is asked. */
  maxStageMs: v.optional(duration, 7 * 24 * 3_600_000),
  /** How long the last stage must last. */
  bakeMs: v.optional(duration, 24 * 3_600_000),
  /** Evidence older than this advances nothing. */
  staleAfterMs: v.optional(duration, 600_000),
  /**
   * A canary is not called silent for what is younger: a view is sealed at most thirty
   * seconds after its first beacon and is then under way, of one arm maybe sooner. The pulse
   * is of one hour, and half of it must be left to be silent in.
   */
  settledAfterMs: v.optional(whole(0, 1_800_000), 60_000),
});

export type Condition = v.InferOutput<typeof condition>;
export type Guardrail = v.InferOutput<typeof guardrail>;
/** A rollout's guardrails, complete. */
export type Policy = v.InferOutput<typeof policySchema>;
export type PolicyError = {
  readonly reason: "invalid_guardrails";
  readonly issues: readonly Issue[];
};

/**
 * Checks the `guardrails` of a rollout and fills in defaults; issues name the field, as
 * in `guardrails.2.measure.p`.
 */
export function parsePolicy(input: unknown): Result<Policy, PolicyError> {
  const parsed = v.safeParse(policySchema, input);
  if (parsed.success) return ok(parsed.output);
  return err({ reason: "invalid_guardrails", issues: issuesOf(parsed.issues) });
}

/** The policy of a rollout that names none, by what its patch is seen in. */
export function defaultPolicy(seenIn: keyof typeof defaultGuardrails): Policy {
  return v.parse(policySchema, { guardrails: defaultGuardrails[seenIn] });
}
