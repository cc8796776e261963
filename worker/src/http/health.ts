// GET /healthz: is this isolate up, and which build is it. Asks no store, so that
// a store's outage does not take healthy isolates out of rotation.
import type { Services } from "#src/services.ts";

/** 200 with `{status, build}`; never cached. */
export function health({ build }: Services): Response {
  return Response.json({ status: "ok", build }, { headers: { "cache-control": "no-store" } });
}
