// Erasing what is known of an account, of a session or of a span of time: one store and one step
// at a time, so that whoever asks can say how far it is, stop, and go on where it stopped.
import { sha256 } from "#src/adapters/digest.ts";
import { erasureStores } from "#src/adapters/erasure/stores.ts";
import type { Sought } from "#src/adapters/erasure/sought.ts";
import type * as v from "valibot";
import { permit, type AdminContext } from "./context.ts";
import { erasureBody, erasureQuery } from "./erasure-contract.ts";
import { refuse } from "./problem.ts";
import { checkShape, readJson } from "./read-body.ts";

/** GET /api/v1/erasures/stores: where something may be, and where nothing can be erased. */
export async function listErasureStores(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "admin", null);
  if (!permitted.ok) return refuse(permitted.error);
  const stores = await erasureStores(context.get("services"));
  return Response.json({
    stores: stores.map(({ name, detail, erase }) => ({
      name,
      detail,
      canErase: erase !== undefined,
    })),
  });
}

/** POST /api/v1/erasures: one step in one store; a dry run unless `dryRun=false`. Idempotent. */
export async function eraseStep(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "admin", null);
  if (!permitted.ok) return refuse(permitted.error);
  const query = checkShape(context.req.query(), erasureQuery);
  if (!query.ok) return refuse(query.error);
  const body = await readJson(context.req.raw, erasureBody);
  if (!body.ok) return refuse(body.error);
  const { store: name, after, dryRun: isDry } = query.value;
  const stores = await erasureStores(context.get("services"));
  const store = stores.find((each) => each.name === name);
  if (store === undefined) return refuse({ reason: "unknown_id", kind: "store", id: name });
  if (store.erase === undefined) {
    return refuse({ reason: "not_erasable", store: name, detail: store.detail });
  }
  const step = await store.erase(soughtIn(body.value), { after, isDry });
  const what = await whatIsTold(body.value);
  context.set("audited", {
    action: isDry ? "count for erasure" : "erase",
    lines: [{ target: name, after: { sought: what, ...step } }],
  });
  return Response.json({ store: name, dryRun: isDry, ...step });
}

type Body = v.InferOutput<typeof erasureBody>;

function soughtIn({ account, sessionId, from, to }: Body): Sought {
  return {
    ...(account !== undefined && { account }),
    ...(sessionId !== undefined && { sessionId }),
    ...(from !== undefined &&
      to !== undefined && { span: { fromMs: Date.parse(from), toMs: Date.parse(to) } }),
  };
}

/** For the audit log, which must not keep what was to be forgotten. */
async function whatIsTold({ sessionId, ...rest }: Body): Promise<object> {
  if (sessionId === undefined) return rest;
  return { ...rest, sessionSha256: (await sha256(sessionId)).slice(0, 16) };
}
