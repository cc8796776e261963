// GET /api/v1/status: what an operator asks first.
import type { AdminContext } from "./context.ts";
import { viewSweeper } from "./views.ts";

/** Build, engines, and which token is asking. */
export async function showStatus(context: AdminContext): Promise<Response> {
  const { registry, sweeper, build } = context.get("services");
  const { name, scopes, account, expiresAtMs } = context.get("principal");
  const [engines, swept] = await Promise.all([registry().engines(), sweeper().status()]);
  const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  const latestEngine = engines[0]?.version ?? null;
  return Response.json({
    build,
    engines: engines.length,
    latestEngine,
    sweeper: viewSweeper(swept),
    token: { name, scopes, account, expiresAt },
  });
}
