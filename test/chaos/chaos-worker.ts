// The Worker as it is, with two webhooks for sinks, and a way in for beacons that asks
// nothing of the network: the window is what is under test here.
import worker, { Window as RealWindow } from "#src/index.ts";
import { ingest } from "#rum/ingest.ts";
import { firstRing, homeOf } from "#rum/window/ring.ts";
import { readWebhookSecret } from "#src/adapters/webhook-signature.ts";
import { webhookSink } from "#src/adapters/sinks/webhook.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { windowsFrom } from "#src/adapters/windows.ts";
import { servicesFor, type Env } from "#src/services.ts";

export { Project, Registry, Rollout, Sweeper } from "#src/index.ts";

type ChaosEnv = Env & { readonly RECEIVER?: string; readonly RECEIVER_SECRET?: string };

export class Window extends RealWindow {
  protected override sinks(env: ChaosEnv): readonly Sink[] {
    if (env.RECEIVER === undefined) return super.sinks(env);
    const key = readWebhookSecret(env.RECEIVER_SECRET ?? "");
    if (key === undefined) throw new Error("RECEIVER_SECRET is no secret");
    return ["plain", "deduping"].map((name) =>
      webhookSink(
        { name, url: `${env.RECEIVER}/hooks/${name}`, key },
        { fetch: (url, init) => fetch(url, init), now: Date.now, timeoutMs: 10_000 },
      ),
    );
  }
}

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/shards") return Response.json(await shards(env));
    if (pathname !== "/take") return worker.fetch(request, env, context);
    const { windows, now } = servicesFor(env);
    const beacon = ingest(await request.text());
    if (!beacon.ok) return Response.json(beacon.error, { status: 400 });
    const received = { ...beacon.value, seen: {} };
    const taken = await windows.take(received, { nowMs: now(), region: "EU" });
    return new Response(null, { status: taken.ok ? 204 : 503 });
  },
} satisfies ExportedHandler<ChaosEnv>;

/** Every shard that the beacons can have come to. */
function shards(env: Env) {
  const stub = windowsFrom(env.WINDOW);
  const ids = Array.from({ length: 64 }, (_, at) => at.toString(16).padStart(32, "0"));
  const homes = new Map(
    ids.map((id) => homeOf(firstRing, id, "EU")).map((each) => [each.shard, each]),
  );
  return Promise.all([...homes.values()].map((home) => stub(home).view(home.shard)));
}
