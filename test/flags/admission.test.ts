import { describe, expect, it } from "vitest";
import { admit, type Surroundings } from "#flags/admission.ts";
import type { Rollout } from "#flags/rollout.ts";
import { after, draft, live } from "./rollouts.ts";

const engine = { engine: "2.0.0" };
const delay = { delayMs: 10 };

function among(others: readonly Rollout[], rest: Partial<Surroundings> = {}): Surroundings {
  return { others, maxLive: 5, freezes: [], nowMs: 1_000, ...rest };
}

function refusal(next: Rollout, surroundings: Surroundings): unknown {
  const answer = admit(next, surroundings);
  return answer.ok ? "admitted" : answer.error;
}

describe("admit", () => {
  it("refuses two live rollouts on one parameter and names both", () => {
    const held = after(live("held", 5, { patch: engine }), { kind: "hold" });
    expect(refusal(live("next", 5, { patch: { ...engine, ...delay } }), among([held]))).toEqual({
      reason: "parameter_conflict",
      flag: "held",
      parameters: ["engine"],
    });
    expect(refusal(live("next", 5, { patch: delay }), among([held]))).toBe("admitted");
  });

  it("minds neither drafts nor ended rollouts on the same parameter", () => {
    const ended = (["promote", "rollback", "kill"] as const).map((kind, at) =>
      after(live(`end${at}`, 5, { patch: engine }), { kind }),
    );
    const others = [draft("idle", { patch: engine }), ...ended];
    expect(refusal(live("next", 5, { patch: engine }), among(others))).toBe("admitted");
    const started = live("othr", 5, { patch: engine });
    expect(refusal(draft("next", { patch: engine }), among([started]))).toBe("admitted");
  });

  it("lets rollouts of one layer share a parameter where their ranges are apart", () => {
    const inLayer = (flag: string, ...range: [number, number]): Rollout =>
      live(flag, 5, { patch: engine, layer: { name: "loading", ranges: [range] } });
    const first = inLayer("one", 0, 300_000);
    expect(refusal(inLayer("two", 300_000, 1_000_000), among([first]))).toBe("admitted");
    expect(refusal(inLayer("two", 299_999, 1_000_000), among([first]))).toEqual({
      reason: "layer_overlap",
      flag: "one",
      layer: "loading",
    });
    const byColo = live("two", 5, {
      unit: "colo",
      layer: { name: "loading", ranges: [[400_000, 500_000]] },
    });
    expect(refusal(byColo, among([first]))).toMatchObject({ reason: "layer_units_differ" });
    const elsewhere = live("two", 5, { patch: engine, layer: { name: "other", ranges: [[0, 9]] } });
    expect(refusal(elsewhere, among([first]))).toMatchObject({ reason: "parameter_conflict" });
  });

  it("counts canaries that are live, and not the one in question", () => {
    const others = [live("one", 5, { patch: delay }), live("two", 5, { patch: engine })];
    const next = live("next", 5);
    expect(refusal(next, among(others, { maxLive: 2 }))).toEqual({
      reason: "too_many_canaries",
      live: ["one", "two"],
      most: 2,
    });
    expect(refusal(next, among([...others, next], { maxLive: 3 }))).toBe("admitted");
  });

  it("lets what is live stay when the cap is lowered under it", () => {
    const next = live("next", 5);
    const others = [live("one", 5, { patch: delay }), next];
    expect(refusal(live("next", 50), among(others, { maxLive: 0 }))).toBe("admitted");
    const held = after(next, { kind: "hold" });
    expect(refusal(next, among([held], { maxLive: 0 }))).toBe("admitted");
    expect(refusal(next, among([draft("next")], { maxLive: 0 }))).toMatchObject({ most: 0 });
  });

  it("wants prerequisites to exist, to be under way, and not to go round", () => {
    const next = live("next", 5, { prerequisites: ["base"] });
    const base = live("base", 5, { patch: delay });
    expect(refusal(next, among([]))).toEqual({ reason: "missing_prerequisite", flag: "base" });
    expect(refusal(next, among([draft("base")]))).toMatchObject({ reason: "missing_prerequisite" });
    expect(refusal(next, among([base]))).toBe("admitted");
    expect(refusal(next, among([after(base, { kind: "promote" })]))).toBe("admitted");
    const back = { ...base, prerequisites: ["via"] };
    const via = live("via", 5, { patch: engine, prerequisites: ["next"] });
    expect(refusal(next, among([back, via]))).toEqual({
      reason: "circular_prerequisite",
      flags: ["next", "base", "via", "next"],
    });
    expect(refusal(live("own", 5, { prerequisites: ["own"] }), among([]))).toMatchObject({
      reason: "circular_prerequisite",
    });
  });

  it("refuses prerequisites that would have to be written out without end", () => {
    const chain = Array.from({ length: 12 }, (_, at) => {
      const prerequisites = at === 0 ? [] : [`f${at - 1}`, `f${Math.max(at - 2, 0)}`];
      return after(live(`f${at}`, 5, { prerequisites }), { kind: "promote" });
    });
    const next = live("next", 5, { prerequisites: ["f11"] });
    expect(refusal(next, among(chain))).toMatchObject({ reason: "too_many_prerequisites" });
  });

  it("lets nothing grow in a common freeze, but everything shrink", () => {
    const before = live("next", 100);
    const freezes = [{ fromMs: 0, toMs: 5_000 }];
    const grown = after(before, { kind: "ramp", sharePpm: 101 });
    expect(refusal(grown, among([before], { freezes }))).toEqual({
      reason: "frozen",
      untilMs: 5_000,
    });
    expect(refusal(grown, among([before], { freezes, nowMs: 5_000 }))).toBe("admitted");
    const held = after(before, { kind: "hold" });
    expect(refusal(held, among([before], { freezes }))).toBe("admitted");
  });

  it("refuses a code that another flag has in tokens", () => {
    const twin = draft("other", { code: "next" });
    expect(refusal(draft("next"), among([twin]))).toEqual({
      reason: "duplicate_code",
      flag: "other",
    });
  });
});
