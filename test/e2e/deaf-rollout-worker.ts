// The Worker as it is, with Rollout objects that take no evidence once they are told so, by
// a fetch of the path /mood/deaf: what a dead sink is to the judge.
import worker, { Rollout as RealRollout } from "#src/index.ts";
import type { Env } from "#src/services.ts";

export { Project, Registry, Sweeper, Window } from "#src/index.ts";

let isDeaf = false;

export class Rollout extends RealRollout {
  override take(batch: Parameters<RealRollout["take"]>[0]) {
    if (isDeaf) return Promise.reject(new Error("the evidence sink is dead"));
    return super.take(batch);
  }
}

export default {
  fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/mood/")) return worker.fetch(request, env, context);
    isDeaf = pathname === "/mood/deaf";
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
