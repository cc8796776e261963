// GET /api/v1/pipeline: where the beacons are, and where the events went.
import { permit, type AdminContext } from "./context.ts";
import { refuse } from "./problem.ts";

/** The counters of all shards, added up and one by one. */
export async function showPipeline(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  return Response.json(await context.get("services").pipeline());
}
