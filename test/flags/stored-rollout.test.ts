import { describe, expect, it } from "vitest";
import { parseSnapshot, safeSnapshot } from "#flags/snapshot.ts";
import { illsOf, withoutWithdrawn } from "#flags/stored-rollout.ts";
import { amendRollout } from "#flags/amend.ts";
import { live, planOf } from "./rollouts.ts";

const headers = { priority: "u=1", nel: "{}", link: "<//evil.example>; rel=preload" };
const stored = { ...live("old", 5), patch: { delayMs: 1, headers } };

describe("a stored rollout that sets what no flag may set any more", () => {
  it("goes on in a snapshot without it, and names it", () => {
    const text = JSON.stringify({ ...safeSnapshot, rollouts: [stored] });
    const parsed = parseSnapshot(text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    expect(parsed.value.faults).toEqual([]);
    const [read] = parsed.value.snapshot.rollouts;
    expect(read?.patch).toEqual({ delayMs: 1, headers: { priority: "u=1" } });
    expect(illsOf(read ?? {}).map(({ field }) => field)).toEqual([
      "patch.headers.nel",
      "patch.headers.link",
    ]);
  });

  it("reads the same from what was read", () => {
    const read = withoutWithdrawn(stored);
    expect(withoutWithdrawn(read)).toBe(read);
    const again = withoutWithdrawn({ ...read, patch: { headers: { "set-cookie": "a=b" } } });
    expect(Object.keys((again as unknown as { withdrawn: object }).withdrawn)).toEqual([
      "nel",
      "link",
      "set-cookie",
    ]);
  });

  it("is well again once it is amended, even in mid-ramp", () => {
    const read = withoutWithdrawn<ReturnType<typeof live>>(stored);
    const amended = amendRollout(read, { ...planOf("old"), patch: read.patch }, 9);
    if (!amended.ok) throw new Error(JSON.stringify(amended.error));
    expect(illsOf(amended.value)).toEqual([]);
  });

  it.each([undefined, null, 7, [], {}, { patch: 3 }, { patch: { headers: [] } }])(
    "%j is left to the schema",
    (odd) => {
      expect(withoutWithdrawn(odd)).toBe(odd);
    },
  );
});
