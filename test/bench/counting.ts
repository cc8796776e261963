// The least that a Worker with an object can do for a beacon: one call to an object
// that counts in memory.
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { newWorkerd } from "../workerd-process.ts";
import type { Bare } from "./bare.ts";

const source = `
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  #count = 0;
  add() {
    this.#count += 1;
    return this.#count;
  }
}
export default {
  async fetch(request, env) {
    await env.COUNTER.get(env.COUNTER.idFromName("one")).add();
    return new Response(null, { status: 204 });
  },
};`;

/** Starts a Worker that counts whatever it is sent. */
export async function startCounting(): Promise<Bare> {
  const started = await newWorkerd(async () => {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        name: "counting",
        compatibilityDate: "2026-10-01",
        compatibilityFlags: ["nodejs_compat"],
        modules: [{ type: "ESModule", path: "index.mjs", contents: source }],
        durableObjects: { COUNTER: { className: "Counter", useSQLite: true } },
        host: "127.0.0.1",
        port: 0,
        cf: false,
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      }),
    );
    await miniflare.ready;
    return miniflare;
  });
  const url = await started.value.unsafeGetDirectURL();
  return { url: url.origin, pid: started.pid, stop: () => started.value.dispose() };
}
