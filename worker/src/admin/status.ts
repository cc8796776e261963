// GET /api/v1/status: what an operator asks first.
import type { AdminContext } from "./context.ts";

/** Build, engines, and which token is asking. */
export async function showStatus(context: AdminContext): Promise<Response> {
  const { registry, build } = context.get("services");
  const { name, scopes, account } = context.get("principal");
  const engines = await registry().engines();
  const latestEngine = engines[0]?.version ?? null;
  return Response.json({
    build,
    engines: engines.length,
    latestEngine,
    token: { name, scopes, account },
  });
}
