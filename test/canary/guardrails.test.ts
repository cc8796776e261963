import { describe, expect, it } from "vitest";
import { defaultPolicy, parsePolicy } from "#src/canary/guardrails.ts";
import { columnsOf, measureKey, measuresOf } from "#src/canary/observe.ts";
import { columnTable } from "#rum/columns.ts";
import { policyOf } from "./trials.ts";

const time = { name: "time", measure: { kind: "quantile", column: "snippet.eval_ms", p: 0.75 } };

function firstIssue(document: unknown) {
  const parsed = parsePolicy(document);
  return parsed.ok ? undefined : parsed.error.issues[0];
}

describe("guardrails", () => {
  it("what is left out has a default", () => {
    const policy = policyOf({ guardrails: [time] });
    expect(policy).toMatchObject({ alpha: 0.05, automatic: true, minViews: 200 });
    expect(policy.guardrails[0]).toMatchObject({ role: "primary", worse: "higher", weight: 1 });
  });

  it("a policy is its own document: it parses to itself", () => {
    for (const seenIn of ["snippet", "datafile"] as const) {
      const policy = defaultPolicy(seenIn);
      const stored: unknown = JSON.parse(JSON.stringify(policy));
      expect(parsePolicy(stored)).toEqual({ ok: true, value: policy });
    }
  });

  it("the defaults watch everything that a snippet does to a page", () => {
    expect(defaultPolicy("snippet").guardrails.map(({ name }) => name)).toEqual([
      "arrivals",
      "errors",
      "incomplete",
      "download_p75",
      "download_p95",
      "evaluation_p75",
      "evaluation_p95",
      "snippet_ttfb_p75",
      "lcp_p75",
      "inp_p75",
      "cls_mean",
      "bytes_mean",
      "fetched_bytes_mean",
      "flicker_mean",
    ]);
  });

  it("the defaults read columns that the wide event has", () => {
    for (const seenIn of ["snippet", "datafile"] as const) {
      const columns = [...columnsOf(defaultPolicy(seenIn))];
      expect(columns.length).toBeGreaterThan(2);
      expect(columns.filter((name) => !Object.hasOwn(columnTable, name))).toEqual([]);
    }
  });

  it.each([
    ["guardrails.0.measure.p", { ...time, measure: { ...time.measure, p: 1.5 } }],
    ["guardrails.0.measure.kind", { ...time, measure: { kind: "median", column: "x" } }],
    ["guardrails.0.measure.column", { ...time, measure: { ...time.measure, column: "" } }],
    ["guardrails.0.margin", { ...time, margin: -0.1 }],
    ["guardrails.0.weight", { ...time, weight: 0 }],
    ["guardrails.0.worse", { ...time, worse: "slower" }],
    ["guardrails.0.against", { ...time, against: "everyone" }],
    ["guardrails.0.worse", { name: "arrivals", measure: { kind: "arrivals" } }],
    ["guardrails.0.where.0", { ...time, where: [{ column: "x", above: 1, below: 2 }] }],
    ["guardrails.0.treshold", { ...time, treshold: 1 }],
  ])("an error names its field: %s", (path, guardrail) => {
    expect(firstIssue({ guardrails: [guardrail] })?.path).toBe(path);
  });

  it("a list without a primary guardrail is refused, for nothing could be shown unharmed", () => {
    expect(firstIssue({ guardrails: [{ ...time, role: "guard" }] })?.path).toBe("guardrails");
  });

  it("a name stands for one guardrail", () => {
    expect(firstIssue({ guardrails: [time, time] })?.message).toBe("must not repeat a name");
  });

  it("guardrails that differ in the quantile alone share their sums", () => {
    const p95 = { ...time, name: "time_p95", measure: { ...time.measure, p: 0.95 }, margin: 0.1 };
    const elsewhere = { ...time, name: "other", where: [{ column: "x", is: true }] };
    const policy = policyOf({ guardrails: [time, p95, elsewhere] });
    expect(measuresOf(policy)).toHaveLength(2);
    const [first, second, third] = policy.guardrails.map(measureKey);
    expect(first).toBe(second);
    expect(first).not.toBe(third);
  });
});

/** What a measure reads in a row. */
function read(measure: object, columns: object, rest: object = {}): number | undefined {
  const worse = "lower";
  const [only] = measuresOf(policyOf({ guardrails: [{ name: "m", measure, worse, ...rest }] }));
  return only?.read({ ...columns });
}

describe("a measure", () => {
  const errors = { kind: "rate", of: { column: "errors", above: 0 } };

  it("does not take a missing value for a value", () => {
    expect(read({ kind: "mean", column: "x" }, {})).toBeNaN();
    expect(read({ kind: "mean", column: "x" }, { x: null })).toBeNaN();
    expect(read({ kind: "mean", column: "x" }, { x: "7" })).toBeNaN();
    expect(read(errors, { errors: null })).toBeNaN();
  });

  it("takes a missing value for zero where its author says so", () => {
    expect(read({ kind: "mean", column: "x", absent: "zero" }, {})).toBe(0);
    expect(read({ ...errors, absent: "zero" }, {})).toBe(0);
  });

  it("counts values beyond the cap as the cap", () => {
    expect(read({ kind: "mean", column: "x", cap: 10 }, { x: 1e9 })).toBe(10);
    expect(read({ kind: "mean", column: "x" }, { x: Infinity })).toBeNaN();
  });

  it("counts only where every condition holds", () => {
    const where = [
      { column: "size", above: 0 },
      { column: "kind", is: "a" },
    ];
    expect(read(errors, { errors: 1, size: 1, kind: "a" }, { where })).toBe(1);
    expect(read(errors, { errors: 0, size: 1, kind: "a" }, { where })).toBe(0);
    expect(read(errors, { errors: 1, size: 0, kind: "a" }, { where })).toBeNaN();
    expect(read(errors, { errors: 1, kind: "a" }, { where })).toBeNaN();
    expect(read(errors, { errors: 1, size: 1, kind: "b" }, { where })).toBeNaN();
  });
});
