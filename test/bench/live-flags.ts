// Live flags as a busy team has them: an audience rule and a five-percent split
// each, by visitor, in three exclusion layers, since two live flags may not set one
// parameter.
import { control, type Started } from "../harness.ts";

const patches = [
  (at: number) => ({ browserMaxAgeS: 10 + at }),
  (at: number) => ({ staleIfErrorS: 100 + at }),
  (at: number) => ({ headers: { "x-aviary-experiment": `flag-${at}` } }),
];

/** Makes and ramps `count` flags, at most 64. */
export async function rampLiveFlags(worker: Started, count: number): Promise<void> {
  const policy = JSON.stringify({ maxLive: 64 });
  await ask(worker, "/policy", { method: "PUT", body: policy });
  const inLayer = Math.ceil(count / patches.length);
  const width = Math.floor(1_000_000 / Math.max(inLayer, 1));
  for (let at = 0; at < count; at += 1) {
    const layer = at % patches.length;
    const from = Math.floor(at / patches.length) * width;
    const plan = {
      unit: "visitor",
      seed: `bench-seed-${at}`,
      audience: { "!=": [{ var: "country" }, "ZZ"] },
      patch: patches[layer]?.(at) ?? {},
      layer: { name: `layer-${layer}`, ranges: [[from, from + width]] },
    };
    await ask(worker, `/flags/flag-${at}`, { method: "PUT", body: JSON.stringify(plan) });
    await ask(worker, `/flags/flag-${at}/ramp`, {
      method: "POST",
      headers: { "if-match": '"1"' },
      body: JSON.stringify({ sharePpm: 50_000 }),
    });
  }
}

async function ask(worker: Started, path: string, init: RequestInit): Promise<void> {
  const response = await control(worker, path, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
