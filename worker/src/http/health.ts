// GET /healthz: is this isolate up, which build is it, and how well does it know
// the flags. Waits for no store, so that a store's outage does not take healthy
// isolates out of rotation.
import type { Visit } from "./delivery.ts";

/** 200 with `{status, build, flags: {epoch, edition, ageMs, source}}`; never cached. */
export function health({ services, nowMs }: Visit): Response {
  const { build, snapshots } = services;
  const document = { status: "ok", build, flags: snapshots.status(nowMs) };
  return Response.json(document, { headers: { "cache-control": "no-store" } });
}
