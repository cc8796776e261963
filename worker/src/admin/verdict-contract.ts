// The control API's documents about verdicts, as schemas.
import * as v from "valibot";
import { policySchema } from "#src/canary/guardrails.ts";
import { trueOrFalse } from "./contract.ts";

export { fewestBuckets } from "#src/canary/guardrails.ts";

const timeRule = "must be a time, as in 2026-11-25T08:00:00Z";
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** A moment as RFC 3339 has it; its seconds may be left out. */
export const timeSchema = v.pipe(
  v.string(timeRule),
  v.regex(rfc3339, timeRule),
  v.check((text) => !Number.isNaN(Date.parse(text)), timeRule),
);

export const verdictQuery = v.object({
  /** The verdict that stood then; now where it is left out. */
  at: v.exactOptional(timeSchema),
  /** Whether to add all that it is computed from. */
  input: v.optional(trueOrFalse, "false"),
});

const limitRule = "must be a whole number from 1 to 200";
export const verdictListQuery = v.object({
  before: v.exactOptional(
    v.pipe(v.string(), v.regex(/^\d{1,15}$/, "must be a whole number"), v.transform(Number)),
  ),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, limitRule),
      v.transform(Number),
      v.minValue(1, limitRule),
      v.maxValue(200, limitRule),
    ),
    "50",
  ),
});

const action = v.picklist(["advance", "hold", "rollback"]);
const reasons = v.array(v.object({ reason: v.string(), detail: v.string() }));
const arms = v.object({ control: v.number(), canary: v.number() });

/** What came of a verdict: nothing to do, only told, being done, done since an epoch, or refused. */
const outcome = v.object({
  outcome: v.picklist(["none", "advised", "asked", "done", "refused"]),
  epoch: v.exactOptional(v.number()),
  why: v.exactOptional(v.string()),
});

/** A stored verdict without its numbers. */
const verdictLine = v.object({
  seq: v.number(),
  at: v.string(),
  attempt: v.number(),
  action,
  reasons,
  outcome,
});

const guardrailView = v.object({
  name: v.string(),
  role: v.picklist(["primary", "guard", "watch"]),
  units: arms,
  /** The metric itself, in its unit. */
  levels: arms,
  /** The canary's level relative to the control's. */
  change: v.nullable(v.number()),
  /** Where the change lies, at every look at once, with 95 % confidence. */
  interval: v.nullable(v.object({ lower: v.number(), upper: v.number() })),
  /** ln E against "no harm"; harm is shown where it reaches the threshold. */
  lnE: v.number(),
  lnThreshold: v.number(),
  isHarmed: v.boolean(),
  isUnharmed: v.boolean(),
  /** Too few different visitors or accounts to conclude anything. */
  isAnecdote: v.boolean(),
  /** Stands out among all guardrails at a false discovery rate of 5 %. */
  isDiscovery: v.boolean(),
  /** When it is settled either way at this rate; null beyond any horizon. */
  settledAt: v.nullable(v.string()),
});

export const verdictView = v.object({
  key: v.string(),
  at: v.string(),
  attempt: v.number(),
  state: v.string(),
  stage: v.nullable(v.number()),
  stages: v.number(),
  sharePpm: v.number(),
  action,
  /** What moves the flag accordingly; null where it stays. */
  step: v.nullable(v.picklist(["advance", "promote", "rollback"])),
  needsPerson: v.boolean(),
  reasons,
  /** Whether verdicts are acted on; null of one of the past. */
  isAutomatic: v.nullable(v.boolean()),
  /** What came of it; null of one that was made for this answer. */
  outcome: v.nullable(outcome),
  /** Of a stored verdict: whether its stored input gives the same verdict again. */
  isReproduced: v.nullable(v.boolean()),
  units: arms,
  /** Requests that the edge counted. */
  assignments: arms,
  /** Page views by how they told their arms; null where nobody counted. */
  told: v.nullable(v.object({ token: v.number(), inferred: v.number(), nothing: v.number() })),
  sampleRatio: v.object({ lnE: v.number(), lnThreshold: v.number() }),
  guardrails: v.array(guardrailView),
  /** When it can go on by itself or must go back at this rate; null where neither is in sight. */
  decisionAt: v.nullable(v.string()),
  /** What it needs to go on, if no harm shows. */
  goesOn: v.object({
    /** What comes last; `person` where all else is there, or where one is asked before it is. */
    waitsFor: v.picklist(["time", "units", "proof", "person"]),
    /** When all of it is there at this rate; null beyond any horizon. */
    at: v.nullable(v.string()),
    /** Whether somebody must then say so. */
    byHand: v.boolean(),
    /** When a person is asked because it takes too long; null where it does not. */
    askedAt: v.nullable(v.string()),
  }),
  /** What harm would be shown next and when, if what leans that way goes on so. */
  goesBack: v.nullable(v.object({ guardrail: v.string(), at: v.nullable(v.string()) })),
  /** Time of the newest event of any flag; null before the first. */
  evidenceAt: v.nullable(v.string()),
  /** The newest that is stored; null of a verdict of the past, and before the first. */
  latest: v.nullable(verdictLine),
  /** Notices to people that wait or were given up; null of a verdict of the past. */
  notices: v.nullable(v.object({ pending: v.number(), failed: v.number() })),
  /** All that it is computed from. */
  input: v.exactOptional(v.unknown()),
});

export const verdictList = v.object({ verdicts: v.array(verdictLine) });

/** What a flag is judged by. */
export const guardrailsView = v.object({
  /** Where its change is seen. */
  seenIn: v.picklist(["snippet", "datafile"]),
  ...policySchema.entries,
});

export type VerdictLineView = v.InferOutput<typeof verdictLine>;
export type VerdictView = v.InferOutput<typeof verdictView>;
export type GuardrailsView = v.InferOutput<typeof guardrailsView>;
