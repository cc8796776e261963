// What the judge says of a flag, now and at any time before, and what it is judged by.
import { err, ok, type Result } from "#base/result.ts";
import type { Rollout } from "#flags/rollout.ts";
import { isFlagOf } from "#flags/sole-account.ts";
import { policyOf } from "#src/canary/rollout-policy.ts";
import { seenIn } from "#src/canary/trial.ts";
import { permitOwn, type AdminContext } from "./context.ts";
import { keyOf, nameOf } from "./flags.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkShape } from "./read-body.ts";
import { verdictListQuery, verdictQuery } from "./verdict-contract.ts";
import { viewLine, viewStanding, viewStored } from "./verdict-views.ts";

/** GET /api/v1/flags/{key}/verdict, with `?at=` for one of the past. */
export async function showVerdict(context: AdminContext): Promise<Response> {
  const query = checkShape(context.req.query(), verdictQuery);
  if (!query.ok) return refuse(query.error);
  const asked = await flagAsked(context);
  if (!asked.ok) return refuse(asked.error);
  const { at, input: isWanted } = query.value;
  const rollout = context.get("services").rollouts(nameOf(asked.value));
  if (at !== undefined) {
    const stored = await rollout.verdictAt(Date.parse(at));
    if (stored === null) return refuse({ reason: "no_verdict" });
    const { input } = stored;
    return Response.json({ ...viewStored(stored), ...(isWanted && { input }) });
  }
  const standing = await rollout.standing();
  if (standing === null) return refuse({ reason: "no_verdict" });
  const { input } = standing;
  return Response.json({ ...viewStanding(standing), ...(isWanted && { input }) });
}

/** GET /api/v1/flags/{key}/verdicts, newest first. */
export async function listVerdicts(context: AdminContext): Promise<Response> {
  const query = checkShape(context.req.query(), verdictListQuery);
  if (!query.ok) return refuse(query.error);
  const asked = await flagAsked(context);
  if (!asked.ok) return refuse(asked.error);
  const { before = null, limit } = query.value;
  const rollout = context.get("services").rollouts(nameOf(asked.value));
  const lines = await rollout.verdicts({ beforeSeq: before, limit });
  return Response.json({ verdicts: lines.map(viewLine) });
}

/** GET /api/v1/flags/{key}/guardrails: all of it, whoever wrote it. */
export async function showGuardrails(context: AdminContext): Promise<Response> {
  const asked = await flagAsked(context);
  if (!asked.ok) return refuse(asked.error);
  const policy = policyOf(asked.value);
  if (!policy.ok) return refuse({ reason: "invalid_rollout", issues: policy.error.issues });
  return Response.json({ seenIn: seenIn(asked.value), ...policy.value });
}

async function flagAsked(context: AdminContext): Promise<Result<Rollout, Refusal>> {
  const permitted = permitOwn(context, "read");
  if (!permitted.ok) return permitted;
  const { rollouts } = await context.get("services").registry().rollouts();
  const rollout = rollouts.find(({ flag }) => flag === keyOf(context));
  if (rollout === undefined || !isFlagOf(rollout, permitted.value)) {
    return err({ reason: "unknown_flag" });
  }
  return ok(rollout);
}
