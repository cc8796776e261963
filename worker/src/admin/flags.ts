// Flags: create, amend, move, delete, and the red button. What a change does is
// decided in the Registry; here it is asked for, and told.
import { err, ok, type Result } from "#base/result.ts";
import type { Command } from "#flags/change.ts";
import { isFlagOf } from "#flags/sole-account.ts";
import type { Rollout } from "#flags/rollout.ts";
import type { Author, FlagChanged } from "#src/adapters/flag-registry.ts";
import { everything } from "#src/adapters/rollouts.ts";
import type { PolicyError } from "#src/canary/guardrails.ts";
import { policyOf } from "#src/canary/rollout-policy.ts";
import { addressOf, permitOwn, type AdminContext } from "./context.ts";
import {
  changeQuery,
  flagPlanBody,
  killQuery,
  rampBody,
  type plainActions,
} from "./flag-contract.ts";
import { ownRate, plannedStages, trafficOf, viewReach, viewStagesAhead } from "./flag-traffic.ts";
import { requestsPerMinute, viewFlag } from "./flag-views.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkShape, readJson } from "./read-body.ts";

/** GET /api/v1/flags. */
export async function listFlags(context: AdminContext): Promise<Response> {
  const permitted = permitOwn(context, "read");
  if (!permitted.ok) return refuse(permitted.error);
  const { registry, now } = context.get("services");
  const { epoch, rollouts } = await registry().rollouts();
  const own = rollouts.filter((each) => isFlagOf(each, permitted.value));
  return Response.json({ epoch, flags: own.map((each) => viewFlag(each, now())) });
}

/** GET /api/v1/flags/{key}, with the requests that its arms got. */
export async function showFlag(context: AdminContext): Promise<Response> {
  const permitted = permitOwn(context, "read");
  if (!permitted.ok) return refuse(permitted.error);
  const { registry, now, rollouts: sums, counts: own } = context.get("services");
  await own.settle(now());
  const { rollouts } = await registry().rollouts();
  const rollout = rollouts.find((each) => each.flag === keyOf(context));
  if (rollout === undefined || !isFlagOf(rollout, permitted.value)) {
    return refuse({ reason: "unknown_flag" });
  }
  const { counts, perMinute } = await sums(nameOf(rollout)).counted();
  const headers = { etag: `"${rollout.revision}"` };
  return Response.json({ ...viewFlag(rollout, now()), counts, perMinute }, { headers });
}

/** PUT /api/v1/flags/{key}: a new flag, or other choices for one that there is. */
export async function putFlag(context: AdminContext): Promise<Response> {
  const permitted = permitOwn(context, "operate");
  if (!permitted.ok) return refuse(permitted.error);
  const plan = await readJson(context.req.raw, flagPlanBody);
  if (!plan.ok) return refuse(plan.error);
  const { unit, patch, guardrails } = plan.value;
  const policy = policyOf({ unit, patch, guardrails });
  if (!policy.ok) return refuse({ reason: "invalid_rollout", issues: withPath(policy.error) });
  const isNew = context.req.header("if-match") === undefined;
  const traffic = await trafficOf(context);
  const known = { traffic, flag: keyOf(context), nowMs: context.get("services").now() };
  const chosen = { ...plan.value, stages: plannedStages(plan.value, known) };
  return change(context, { kind: isNew ? "create" : "amend", plan: chosen });
}

function withPath({ issues }: PolicyError): PolicyError["issues"] {
  return issues.map((each) => ({ ...each, path: `guardrails.${each.path}`.replace(/\.$/, "") }));
}

/** DELETE /api/v1/flags/{key}: only what touches nobody. */
export async function deleteFlag(context: AdminContext): Promise<Response> {
  const permitted = permitOwn(context, "operate");
  return permitted.ok ? change(context, { kind: "delete" }) : refuse(permitted.error);
}

/** POST /api/v1/flags/{key}/ramp: its share, up or down. */
export async function rampFlag(context: AdminContext): Promise<Response> {
  const permitted = permitOwn(context, "operate");
  if (!permitted.ok) return refuse(permitted.error);
  const body = await readJson(context.req.raw, rampBody);
  if (!body.ok) return refuse(body.error);
  return change(context, { kind: "move", action: { kind: "ramp", ...body.value } });
}

/** POST /api/v1/flags/{key}/{action}, for actions that need no more than their name. */
export function moveFlag(kind: (typeof plainActions)[number]) {
  return async (context: AdminContext): Promise<Response> => {
    const permitted = permitOwn(context, "operate");
    if (!permitted.ok) return refuse(permitted.error);
    return change(context, { kind: "move", action: { kind } });
  };
}

/** POST /api/v1/flags/{key}/kill, and /api/v1/kill for all: the red button. */
export async function killFlags(context: AdminContext): Promise<Response> {
  const permitted = permitOwn(context, "operate");
  if (!permitted.ok) return refuse(permitted.error);
  const query = checkShape(context.req.query(), killQuery);
  if (!query.ok) return refuse(query.error);
  const { dryRun, why } = query.value;
  const author = authorOf(context, why);
  const { registry } = context.get("services");
  const key = context.req.param("key");
  // What stands for all flags inside is not a flag that one could name.
  if (key === everything) return refuse({ reason: "unknown_flag" });
  context.set("isLogged", true);
  const killed = await registry().kill({
    flag: key ?? everything,
    dryRun,
    author,
    account: permitted.value,
  });
  return killed.ok ? Response.json({ dryRun, ...killed.value }) : refuse(killed.error);
}

/** Who asks for a change, and why. */
export function authorOf(context: AdminContext, why: string): Author {
  const { name, actor } = context.get("principal");
  return { who: name, actor, why, from: addressOf(context) };
}

/** The revision in `If-Match`; null where there is none. */
export function revisionIn(context: AdminContext): Result<number | null, Refusal> {
  const field = context.req.header("if-match");
  if (field === undefined) return ok(null);
  const revision = /^"(\d{1,15})"$/.exec(field.trim())?.[1];
  if (revision !== undefined) return ok(Number(revision));
  const detail = 'must be one revision in quotes, as in "3"';
  return err({ reason: "invalid", errors: [{ field: "If-Match", detail }] });
}

async function change(context: AdminContext, command: Command): Promise<Response> {
  const query = checkShape(context.req.query(), changeQuery);
  if (!query.ok) return refuse(query.error);
  const expected = revisionIn(context);
  if (!expected.ok) return refuse(expected.error);
  const { dryRun, why } = query.value;
  const { registry } = context.get("services");
  const author = authorOf(context, why);
  const { account } = context.get("principal");
  const asked = { command, expected: expected.value, dryRun, author, account };
  const wanted = { flag: keyOf(context), ...asked };
  context.set("isLogged", true);
  const changed = await registry().changeFlag(wanted);
  if (!changed.ok) return refuse(changed.error);
  const { before, after } = changed.value;
  const status = before === null && !dryRun ? 201 : 200;
  const headers = after === null ? undefined : { etag: `"${after.revision}"` };
  const view = await viewChange(context, changed.value);
  return Response.json({ dryRun, ...view }, { status, ...(headers && { headers }) });
}

async function viewChange(
  context: AdminContext,
  { before, after, epoch }: FlagChanged,
): Promise<Record<string, unknown>> {
  const nowMs = context.get("services").now();
  const view = (rollout: Rollout | null) => (rollout === null ? null : viewFlag(rollout, nowMs));
  const shown = { epoch, before: view(before), after: view(after) };
  if (after === null) {
    return { ...shown, requestsPerMinute: null, reach: null, stagesAhead: [] };
  }
  const [own, traffic] = await Promise.all([ownRate(context, nameOf(after)), trafficOf(context)]);
  const reach = viewReach(after, traffic, nowMs);
  return {
    ...shown,
    requestsPerMinute: requestsPerMinute(before, after, { own, reach }),
    reach,
    stagesAhead: viewStagesAhead(after, traffic, nowMs),
  };
}

/** Names a flag's object. A key that is used again is another flag, with counts of its own. */
export function nameOf({ flag, code }: Rollout): string {
  return `${flag}:${code}`;
}

export function keyOf(context: AdminContext): string {
  return context.req.param("key") ?? "";
}
