// Engines: immutable versions of the script that snippets share. Publishing one
// changes no snippet.
import { err, type Result } from "#base/result.ts";
import { sha256 } from "#src/adapters/digest.ts";
import { prepareEngine } from "#src/delivery/prepare-engine.ts";
import { tell } from "#src/delivery/publish-step.ts";
import { permit, type AdminContext } from "./context.ts";
import { engineVersionSchema, limits } from "./contract.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkShape, readBody, textFrom } from "./read-body.ts";
import { viewEngine } from "./views.ts";

/** PUT /api/v1/engines/{version}; idempotent, 409 for other bytes under the same version. */
export async function publishEngine(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "publish", null);
  if (!permitted.ok) return refuse(permitted.error);
  const version = checkVersion(context.req.param("version"));
  if (!version.ok) return refuse(version.error);
  const body = await readBody(context.req.raw, limits.engine);
  if (!body.ok) return refuse(body.error);
  const source = textFrom(body.value);
  if (!source.ok) return refuse(source.error);
  const told = context.get("told");
  await tell(told, { step: "checking" });
  const prepared = prepareEngine(source.value);
  if (!prepared.ok) return refuse(prepared.error);

  const { artifacts, registry, now } = context.get("services");
  const code = new TextEncoder().encode(prepared.value.code);
  const before = await registry().engine(version.value);
  if (before !== null && before.sha256 !== (await sha256(code))) {
    return refuse({ reason: "engine_exists", engine: before });
  }
  await tell(told, { step: "storing" });
  const engine = {
    version: version.value,
    sha256: await artifacts.put(code),
    bytes: code.byteLength,
    publishedAtMs: now(),
  };
  const outcome = await registry().publishEngine(engine);
  if (!outcome.ok) return refuse(outcome.error);
  const { created } = outcome.value;
  const stored = created ? engine : ((await registry().engine(engine.version)) ?? engine);
  const view = { ...viewEngine(stored), changed: created, warnings: prepared.value.warnings };
  return Response.json(view, { status: created ? 201 : 200 });
}

/** GET /api/v1/engines, newest first. */
export async function listEngines(context: AdminContext): Promise<Response> {
  const engines = await context.get("services").registry().engines();
  return Response.json({ engines: engines.map(viewEngine) });
}

/** GET /api/v1/engines/{version}. */
export async function showEngine(context: AdminContext): Promise<Response> {
  const version = checkVersion(context.req.param("version"));
  if (!version.ok) return refuse(version.error);
  const engine = await context.get("services").registry().engine(version.value);
  if (engine !== null) return Response.json(viewEngine(engine));
  return refuse({ reason: "unknown_id", kind: "engine", id: version.value });
}

function checkVersion(version: string | undefined): Result<string, Refusal> {
  const checked = checkShape(version, engineVersionSchema);
  if (checked.ok || checked.error.reason !== "invalid") return checked;
  const errors = checked.error.errors.map(({ detail }) => ({ field: "version", detail }));
  return err({ reason: "invalid", errors });
}
