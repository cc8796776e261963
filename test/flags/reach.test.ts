import { describe, expect, it } from "vitest";
import { compilePlan, evaluateAll } from "#flags/plan.ts";
import { reachOf } from "#flags/reach.ts";
import type { IdTraffic } from "#flags/traffic.ts";
import { fc } from "../property.ts";
import { draft, live } from "./rollouts.ts";

const id = (account: string, name: string, requests = 10): IdTraffic => ({
  kind: "snippet",
  id: name,
  account,
  requests,
  views: requests / 2,
});

const ids = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom("snippet" as const, "datafile" as const),
    id: fc.stringMatching(/^[a-z]{1,6}$/),
    account: fc.constantFrom("acme", "bird", "cat", "dog", "eel", "fox"),
    requests: fc.integer({ min: 1, max: 1_000 }),
    views: fc.integer({ min: 0, max: 1_000 }),
  }),
  { selector: (each) => `${each.kind}:${each.id}`, maxLength: 30 },
);
const audience = fc.constantFrom(
  undefined,
  { "==": [{ var: "kind" }, "snippet"] },
  { in: [{ var: "account" }, ["acme", "bird"]] },
  { starts_with: [{ var: "snippet" }, "a"] },
);
const layer = fc.constantFrom(undefined, { name: "lane", ranges: [[0, 400_000]] as const });

describe("whom a share reaches", () => {
  it("is what every request's own evaluation gives, for units that come with ids", () => {
    fc.assert(
      fc.property(
        ids,
        fc.record({
          unit: fc.constantFrom("account" as const, "snippet" as const, "sdkKey" as const),
          sharePpm: fc.integer({ min: 1, max: 1_000_000 }),
          who: audience,
          where: layer,
        }),
        (seen, { unit, sharePpm, who, where }) => {
          const flag = live("reached", sharePpm, {
            unit,
            ...(who !== undefined && { audience: who }),
            ...(where !== undefined && { layer: { name: where.name, ranges: [[0, 400_000]] } }),
          });
          const plan = compilePlan([flag]);
          const inCanary = seen.filter(({ kind, account, id: name }) => {
            const own = kind === "snippet" ? { snippet: name } : { sdkKey: name };
            const context = { kind, account, ...own };
            return evaluateAll(plan, { context, nowMs: 0 }).arms.some(
              ({ arm }) => arm === "canary",
            );
          });
          const { canary, units, isAtMost } = reachOf(flag, sharePpm, seen);
          expect(isAtMost).toBe(false);
          expect(canary.requests).toBe(inCanary.reduce((sum, each) => sum + each.requests, 0));
          expect(canary.views).toBe(inCanary.reduce((sum, each) => sum + each.views, 0));
          const names = inCanary.map((each) => (unit === "account" ? each.account : each.id));
          expect(new Set(units?.canary)).toEqual(new Set(names));
        },
      ),
    );
  });

  it("has one unit in each arm from the least share on that is told, and at none below it", () => {
    fc.assert(
      fc.property(ids, (seen) => {
        const flag = draft("least", { unit: "snippet" });
        const fewest = (share: number): number => {
          const { canary = [], control = 0 } = reachOf(flag, share, seen).units ?? {};
          return Math.min(canary.length, control);
        };
        const least = reachOf(flag, 1, seen).units?.leastPpm ?? null;
        const without =
          least === null ? [1, 250_000, 500_000] : [1, least - 1].slice(least < 3 ? 2 : 0);
        expect(without.map(fewest)).toEqual(without.map(() => 0));
        expect(fewest(least ?? 500_000) > 0).toBe(least !== null);
      }),
    );
  });

  it("is a share of the requests where no id tells the unit", () => {
    const flag = draft("spread", { unit: "visitor" });
    const reach = reachOf(flag, 100_000, [id("acme", "a", 600), id("bird", "b", 400)]);
    expect(reach).toEqual({ canary: { requests: 100, views: 50 }, units: null, isAtMost: false });
  });

  it.each([
    { "==": [{ var: "country" }, "DE"] },
    { missing: ["country"] },
    { var: "" },
    {
      fractional: [
        ["in", 50],
        ["out", 50],
      ],
    },
  ])("may be less where only a request tells of its audience: %j", (logic) => {
    const flag = draft("asks", { unit: "account", audience: logic });
    expect(reachOf(flag, 500_000, [id("acme", "a")]).isAtMost).toBe(true);
  });

  it("is nobody where the one account is in no arm", () => {
    const flag = draft("one", { unit: "account" });
    const { units } = reachOf(flag, 1, [id("demo", "demo"), id("demo", "other")]);
    expect(units).toEqual({ known: 1, control: 0, canary: [], leastPpm: null });
  });
});
