// What concerns all flags: the flagd file, the policy, and the audit log.
import { compileFlags } from "#flags/compile.ts";
import { parseFlagSetText } from "#flags/definition.ts";
import { exportFlagSet } from "#flags/snapshot.ts";
import { permit, type AdminContext } from "./context.ts";
import { limits } from "./contract.ts";
import { auditQuery, changeQuery, policyBody } from "./flag-contract.ts";
import { viewEntry } from "./flag-views.ts";
import { authorOf, revisionIn } from "./flags.ts";
import { refuse } from "./problem.ts";
import { checkShape, readBody, readJson, textFrom } from "./read-body.ts";

/** GET /api/v1/flags.flagd.json: everything as one flagd file, rollouts too. */
export async function exportFlags(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  const { registry } = context.get("services");
  const [{ set, revision }, { rollouts }] = await Promise.all([
    registry().definitions(),
    registry().rollouts(),
  ]);
  const headers = { etag: `"${revision}"` };
  return Response.json(exportFlagSet({ flags: set, rollouts }), { headers });
}

/** PUT /api/v1/flags.flagd.json: the definitions from now on. Rollouts stay as they are. */
export async function importFlags(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "operate", null);
  if (!permitted.ok) return refuse(permitted.error);
  const query = checkShape(context.req.query(), changeQuery);
  if (!query.ok) return refuse(query.error);
  const expected = revisionIn(context);
  if (!expected.ok) return refuse(expected.error);
  const body = await readBody(context.req.raw, limits.flags);
  if (!body.ok) return refuse(body.error);
  const text = textFrom(body.value);
  if (!text.ok) return refuse(text.error);
  const parsed = parseFlagSetText(text.value);
  if (!parsed.ok) return refuse({ reason: "invalid_rollout", issues: parsed.error.issues });
  const { dryRun, why } = query.value;
  const author = authorOf(context, why);
  const request = { set: parsed.value, expected: expected.value, dryRun, author };
  context.set("isLogged", true);
  const outcome = await context.get("services").registry().importFlags(request);
  if (!outcome.ok) return refuse(outcome.error);
  // flagd takes flags that cannot be evaluated too, and fails when they are asked for.
  const unusable = compileFlags(parsed.value).faults;
  return Response.json({ dryRun, ...outcome.value, unusable });
}

/** GET /api/v1/policy. */
export async function showPolicy(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  const policy = await context.get("services").registry().policy();
  return Response.json(policy, { headers: { etag: `"${policy.revision}"` } });
}

/** PUT /api/v1/policy: the cap on live flags, and freezes for all of them. */
export async function putPolicy(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "operate", null);
  if (!permitted.ok) return refuse(permitted.error);
  const query = checkShape(context.req.query(), changeQuery);
  if (!query.ok) return refuse(query.error);
  const expected = revisionIn(context);
  if (!expected.ok) return refuse(expected.error);
  const body = await readJson(context.req.raw, policyBody);
  if (!body.ok) return refuse(body.error);
  const { dryRun, why } = query.value;
  const author = authorOf(context, why);
  const { registry } = context.get("services");
  const request = { policy: body.value, expected: expected.value, dryRun, author };
  context.set("isLogged", true);
  const outcome = await registry().setPolicy(request);
  if (!outcome.ok) return refuse(outcome.error);
  const { revision } = outcome.value;
  return Response.json(outcome.value, { headers: { etag: `"${revision}"` } });
}

/** GET /api/v1/audit, newest first. */
export async function listAudit(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  const query = checkShape(context.req.query(), auditQuery);
  if (!query.ok) return refuse(query.error);
  const { flag = null, actor = null, before = null, limit } = query.value;
  const { registry } = context.get("services");
  const [entries, unknownPaths] = await Promise.all([
    registry().audit({ target: flag, actor, before, limit }),
    registry().unknownPaths(),
  ]);
  return Response.json({ entries: entries.map(viewEntry), unknownPaths });
}
