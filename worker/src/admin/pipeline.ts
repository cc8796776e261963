// The pipeline: where the beacons are, where the events went, and how many shards there are.
import { permit, type AdminContext } from "./context.ts";
import { shardsBody } from "./pipeline-contract.ts";
import { refuse } from "./problem.ts";
import { readJson } from "./read-body.ts";

/** GET /api/v1/pipeline: the counters of all shards, added up and one by one. */
export async function showPipeline(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  return Response.json(await context.get("services").pipeline());
}

/** PUT /api/v1/pipeline/shards: how many shards each region has from now on. */
export async function putShards(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "operate", null);
  if (!permitted.ok) return refuse(permitted.error);
  const body = await readJson(context.req.raw, shardsBody);
  if (!body.ok) return refuse(body.error);
  const ring = await context.get("services").registry().setShards(body.value.shards);
  if (!ring.ok) return refuse(ring.error);
  const { epoch, shards, sinceMs } = ring.value;
  return Response.json({ epoch, shards, since: new Date(sinceMs).toISOString() });
}
