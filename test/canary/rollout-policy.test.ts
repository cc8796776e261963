import { describe, expect, it } from "vitest";
import { defaultPolicy } from "#src/canary/guardrails.ts";
import { policyOf } from "#src/canary/rollout-policy.ts";
import { seenIn } from "#src/canary/trial.ts";
import type { DeliveryPatch } from "#flags/parameters.ts";
import { draft } from "../flags/rollouts.ts";

function judged(guardrails?: unknown, patch: DeliveryPatch = { browserMaxAgeS: 30 }) {
  const made = draft("flag", { patch, unit: "visitor" });
  return policyOf(guardrails === undefined ? made : { ...made, guardrails });
}

function issue(document: unknown) {
  const policy = judged(document);
  return policy.ok ? undefined : policy.error.issues[0];
}

function names(document: unknown) {
  const policy = judged(document);
  return policy.ok ? policy.value.guardrails.map(({ name }) => name) : policy.error;
}

const hits = { measure: { kind: "mean", column: "lcp.value" }, role: "watch" };
const named = { ...hits, name: "hits", role: "primary" };

describe("a rollout's policy", () => {
  it("is the default of where its change is seen, where its author says nothing", () => {
    expect(judged()).toEqual({ ok: true, value: defaultPolicy("snippet") });
    const datafile = judged(undefined, { datafile: "candidate" });
    expect(datafile).toEqual({ ok: true, value: defaultPolicy("datafile") });
    expect(seenIn({ patch: {}, unit: "sdkKey" })).toBe("datafile");
  });

  it("keeps the default guardrails where only the rest is said", () => {
    const policy = judged({ automatic: false });
    expect(policy).toMatchObject({ ok: true, value: { automatic: false } });
    expect(names({ automatic: false })).toEqual(names(undefined));
  });

  it("changes, adds and removes single guardrails by name, and no other", () => {
    const document = { change: { errors: { margin: 0.5 }, flicker_mean: null, lcp_mean: hits } };
    const policy = judged(document);
    const before = defaultPolicy("snippet").guardrails;
    const kept = before.filter(({ name }) => name !== "flicker_mean");
    const guardrails = policy.ok ? policy.value.guardrails : [];
    expect(guardrails.find(({ name }) => name === "errors")).toMatchObject({ margin: 0.5 });
    const others = guardrails.slice(0, -1).filter(({ name }) => name !== "errors");
    expect(others).toEqual(kept.filter(({ name }) => name !== "errors"));
    expect(policy.ok && policy.value.guardrails.at(-1)).toMatchObject({
      ...hits,
      name: "lcp_mean",
    });
  });

  it.each([
    ["change.errors.margin", { change: { errors: { margin: -1 } } }],
    ["change.mine.measure", { change: { mine: { role: "guard" } } }],
    ["change", { change: 7 }],
    ["change.errors", { change: { errors: false } }],
    ["change.errors", { change: { errors: [] } }],
    ["change.erors", { change: { erors: null } }],
    ["guardrails", { guardrails: [named, named], change: {} }],
    ["", "none"],
    ["alpha", { alpha: 2 }],
    ["settledAfterMs", { settledAfterMs: 3_600_000 }],
    ["guardrails.0.name", { guardrails: [hits], change: {} }],
  ])("names the author's own field: %s", (path, document) => {
    expect(issue(document)?.path).toBe(path);
  });
});

/** The first issue of one more guardrail, its path without where it stands. */
function issueOf(guardrail: object, rest: object = {}) {
  const found = issue({ change: { mine: { role: "guard", ...guardrail, ...rest } } });
  return found && { ...found, path: found.path.replace("change.mine.", "") };
}

const mean = (column: string) => ({ measure: { kind: "mean", column } });
const rate = (of: object) => ({ measure: { kind: "rate", of } });

describe("a guardrail's column", () => {
  it.each([
    ["of the wide event", mean("lcp.value"), {}],
    ["that a page counts itself", rate({ column: "x.event.checkout.count", above: 0 }), {}],
    ["that a page sums itself", mean("x.event.checkout.value"), {}],
    ["that is a page's own mark", rate({ column: "x.mark.plan", is: "gold" }), {}],
    ["with one of its values", rate({ column: "stitch.state", is: "early_only" }), {}],
    ["of sampled requests", rate({ column: "delivery.status", is: 304 }), { source: "delivery" }],
  ])("may be one %s", (_, guardrail, rest) => {
    expect(issueOf(guardrail, rest)).toBeUndefined();
  });

  it.each([
    ["measure.column", mean("lpc.value"), {}],
    ["measure.column", mean("toString"), {}],
    ["measure.column", mean("x.event.checkout"), {}],
    ["measure.column", mean("x.event.checkout.count"), { source: "delivery" }],
    ["measure.column", mean("delivery.edge_ms"), {}],
    ["measure.of.column", rate({ column: "checkout", is: true }), {}],
    [
      "where.1.column",
      {
        ...mean("lcp.value"),
        where: [
          { column: "inp.value", above: 0 },
          { column: "size", above: 0 },
        ],
      },
      {},
    ],
  ])("is refused by its field where no event has it: %s", (path, guardrail, rest) => {
    expect(issueOf(guardrail, rest)).toMatchObject({
      path,
      message: expect.stringMatching(/^is no column of/) as string,
    });
  });

  it.each([
    ["measure.column", mean("stitch.state"), "must be a column of numbers"],
    [
      "measure.of.column",
      rate({ column: "user_agent.name", above: 3 }),
      "must be a column of numbers",
    ],
    [
      "measure.of.is",
      rate({ column: "stitch.state", is: "early" }),
      "is no value of stitch.state, which may be `both`, `early_only`, `late_only`",
    ],
    [
      "measure.of.is",
      rate({ column: "browser.mobile", is: "true" }),
      "is no value of browser.mobile, which may be true or false",
    ],
  ])("is refused where it never holds what is asked of it: %s", (path, guardrail, message) => {
    expect(issueOf(guardrail)).toEqual({ path, message });
  });
});
