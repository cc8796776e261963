// What is stored of a body, and what is not.
import { describe, expect, it } from "vitest";
import { Artifacts } from "#src/adapters/artifacts.ts";
import { Compositions } from "#src/adapters/compositions.ts";
import { encode } from "#src/adapters/compression.ts";
import { err } from "#base/result.ts";
import { missingCodings, type Coding } from "#src/delivery/representation.ts";
import { env } from "../isolate.ts";

const background = { waitUntil: (): void => {} };

const colo = (): Promise<Cache> => caches.open("aviary");

/** Compositions in the real stores, where `broken` cannot be made, and what they report. */
function compositionsWithout(broken: Coding | null) {
  const reports: unknown[] = [];
  const report = (event: string, facts: object): void => void reports.push({ event, ...facts });
  const { STORE: kv, ARCHIVE: r2 } = env;
  const artifacts = new Artifacts({ kv, r2, colo, retain: async () => {}, report });
  const failing: typeof encode = (bytes, coding, effort) =>
    coding === broken
      ? err({ reason: "encoding_failed", coding, bytes: bytes.byteLength, why: "it is broken" })
      : encode(bytes, coding, effort);
  const stores = { kv, artifacts, beaconPath: "/t/", cdnOrigin: "", encode: failing, report };
  return { compositions: new Compositions(stores), artifacts, reports };
}

const body = new TextEncoder().encode(`{"n":"${"abc".repeat(500)}"}`);

describe("a coding that cannot be made", () => {
  it.each(["br", "zstd", "gzip"] as const)(
    "is left out and reported by its name, and the others are stored: %s",
    async (broken) => {
      const { compositions, artifacts, reports } = compositionsWithout(broken);
      const stored = await compositions.store(body);
      expect(missingCodings(stored)).toEqual([broken]);
      for (const form of Object.values(stored)) {
        expect((await artifacts.get(form.sha256, background)).ok).toBe(true);
      }
      expect(reports).toEqual([
        {
          event: "encoding_failed",
          sha256: stored.identity.sha256,
          reason: "encoding_failed",
          coding: broken,
          bytes: body.byteLength,
          why: "it is broken",
        },
      ]);
    },
  );

  it("is tried again when the composition is next asked for", async () => {
    const lame = compositionsWithout("zstd");
    const well = compositionsWithout(null);
    const payload = await lame.artifacts.put(new TextEncoder().encode("{}"));
    const engine = { version: "1", sha256: await lame.artifacts.put(body) };
    const of = { snippetId: "retried", payload, engine };
    expect(await lame.compositions.make(of, background)).toHaveProperty("value.br");
    expect(await lame.compositions.find(of)).not.toHaveProperty("zstd");
    expect(await well.compositions.make(of, background)).toHaveProperty("value.zstd");
    expect(await well.compositions.find(of)).toHaveProperty("zstd");
  });
});
