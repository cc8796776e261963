// What would a request get, and why; and a look at arms that one is not in.
import { definedMembers } from "#flags/audience-names.ts";
import type { DeliveryPatch, ParameterName } from "#flags/parameters.ts";
import { parameterTable } from "#flags/parameters.ts";
import { explain } from "#flags/explain.ts";
import { compilePlan, evaluateAll } from "#flags/plan.ts";
import { encodePreview } from "#flags/preview.ts";
import type { Rollout } from "#flags/rollout.ts";
import { isFlagOf } from "#flags/sole-account.ts";
import { agentKeyFrom, sign, visitorFrom } from "#flags/signature.ts";
import { permitOwn, type AdminContext } from "./context.ts";
import { planBody, previewBody } from "./flag-contract.ts";
import { sentenceFor } from "./flag-views.ts";
import { refuse } from "./problem.ts";
import { readJson } from "./read-body.ts";

/** POST /api/v1/plan: every flag's arm for a request, with the reason, and what follows. */
export async function showPlan(call: AdminContext): Promise<Response> {
  const permitted = permitOwn(call, "read");
  if (!permitted.ok) return refuse(permitted.error);
  const { value: bound } = permitted;
  const body = await readJson(call.req.raw, planBody);
  if (!body.ok) return refuse(body.error);
  const { kind, id, address, userAgent } = body.value;
  const { registry, now } = call.get("services");
  const [owner, { epoch, rollouts }] = await Promise.all([
    registry().owner(kind, id),
    registry().rollouts(),
  ]);
  // Another account's id is to a bound token one that nobody has.
  const account = bound === null || owner === bound ? owner : null;
  const isSeen = (flag: string): boolean => isFlagOf(find(rollouts, flag), bound);
  const key = (await snapshotFor(call)).keys[0];
  const visitor =
    key === undefined ? undefined : visitorFrom(address, agentKeyFrom(userAgent, key)).id;
  const units = kind === "snippet" ? { snippet: id } : { sdkKey: id };
  const asked = { ...body.value.context, ...units, kind, userAgent, visitor };
  const context = definedMembers({ ...asked, account: account ?? undefined });
  const subject = { context, nowMs: now() };
  const plan = compilePlan(rollouts);
  const explained = explain(plan, rollouts, subject).filter(({ flag }) => isSeen(flag));
  const flags = explained.map(({ flag, arm, why }) => {
    const { state, sharePpm } = find(rollouts, flag);
    return { flag, state, sharePpm, arm, reason: why.reason, detail: sentenceFor(why) };
  });
  const { changes, outcome } = evaluateAll(plan, subject);
  const patches = changes.map((flag) => [flag, find(rollouts, flag).patch] as const);
  const names = Object.keys(parameterTable) as ParameterName[];
  const told = names.map((name) => {
    const { initial, unit } = parameterTable[name];
    const flag = setter(name, patches);
    const seen = flag !== null && isSeen(flag) ? flag : null;
    return { name, value: outcome.parameters[name], initial, unit, flag: seen };
  });
  return Response.json({ epoch, account, flags, parameters: told });
}

/** POST /api/v1/preview: a header field that shows arms at any share, to whoever sends it. */
export async function signPreview(context: AdminContext): Promise<Response> {
  const permitted = permitOwn(context, "operate");
  if (!permitted.ok) return refuse(permitted.error);
  const body = await readJson(context.req.raw, previewBody);
  if (!body.ok) return refuse(body.error);
  const { registry, now } = context.get("services");
  const { rollouts: all } = await registry().rollouts();
  const rollouts = all.filter((each) => isFlagOf(each, permitted.value));
  const flags = Object.keys(body.value.arms);
  const unknown = flags.find((flag) => !rollouts.some((each) => each.flag === flag));
  if (unknown !== undefined) {
    const detail = "There is no such flag";
    return refuse({ reason: "invalid", errors: [{ field: `arms.${unknown}`, detail }] });
  }
  const [key] = (await snapshotFor(context)).keys;
  if (key === undefined) return refuse({ reason: "flags_unknown" });
  const expiresAtMs = now() + body.value.minutes * 60_000;
  const arms = new Map(Object.entries(body.value.arms));
  const value = sign(encodePreview({ arms, expiresAtMs }), key);
  const expiresAt = new Date(expiresAtMs).toISOString();
  const lines = [...arms].map(([target, arm]) => ({ target, after: { arm, expiresAt } }));
  context.set("audited", { action: "preview", lines });
  return Response.json({ header: "Aviary-Preview", value, expiresAt });
}

async function snapshotFor(context: AdminContext) {
  const { snapshots, now } = context.get("services");
  return snapshots.current({ nowMs: now(), background: context.get("background") });
}

function find(rollouts: readonly Rollout[], flag: string): Rollout {
  const found = rollouts.find((each) => each.flag === flag);
  if (found === undefined) throw new Error(`no rollout of ${flag}`);
  return found;
}

/** The flag whose patch counts for a parameter: of several, the last one. */
function setter(
  name: ParameterName,
  patches: readonly (readonly [string, DeliveryPatch])[],
): string | null {
  return patches.findLast(([, patch]) => patch[name] !== undefined)?.[0] ?? null;
}
