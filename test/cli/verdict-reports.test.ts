import { describe, expect, it } from "vitest";
import { parseGuardrails } from "../../cli/flag-plan.ts";
import { guardrailsText, verdictText } from "../../cli/verdict-report.ts";
import { viewStanding, viewStored } from "#src/admin/verdict-views.ts";
import { defaultPolicy } from "#src/canary/guardrails.ts";
import { judge } from "#src/canary/judge.ts";
import { inputOf, nothing, scene, usual, type Columns } from "../canary/trials.ts";

const slower: Columns = (at) => {
  const page = usual(at) as { readonly ms: number };
  return { ...page, ms: page.ms * 1.5 };
};

type Over = Parameters<typeof inputOf>[1];

function standing(units: number, canary: Columns, over: Over = {}) {
  const evidence = units === 0 ? nothing : scene({ units, control: usual, canary });
  const input = inputOf(evidence, over);
  return { input, isAutomatic: true, latest: null, notices: { pending: 0, failed: 0 } };
}

function textOf(units: number, canary: Columns, over: Over = {}) {
  const view = viewStanding(standing(units, canary, over));
  return verdictText(view, Date.parse(view.at));
}

describe("a verdict on the terminal", () => {
  it("says what is decided and why, and fills the bar of what is harmed", () => {
    const text = textOf(2_000, slower);
    expect(text).toMatch(/^ +verdict +go back {2}time_p75 is \d+ % higher in the canary/m);
    expect(text).toMatch(
      /^time_p75 +primary +\d+ +\d+ +\+\d+ % +\+\d+ % … \+\d+ % +█{10} +harmed$/m,
    );
    expect(text).toMatch(/^errors .* ░{10} {2}unharmed$/m);
  });

  it("says what comes last of all that it waits for, and how little it knows", () => {
    const text = textOf(130, usual);
    expect(text).toMatch(/^ +verdict +wait {2}130 of 200 units have come\.$/m);
    const when = /in (about )?\d+ (seconds|minutes|hours), at 20/.source;
    const goesOn = new RegExp(
      `^ +goes on +by itself ${when}.*: (units|proof of no harm) come`,
      "m",
    );
    expect(text).toMatch(goesOn);
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  it("is readable before the first unit has come", () => {
    const text = textOf(0, usual);
    expect(text).toContain("No unit of this share has come yet.");
    expect(text).toContain("not in sight at this rate");
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  it("claims nothing of what nobody has measured yet", () => {
    const text = textOf(0, usual);
    expect(text).toMatch(/^errors +primary +░{10} {2}nothing yet$/m);
    expect(text).not.toContain("witnesses");
    expect(textOf(2_000, () => ({}))).toMatch(/^time_p75 .* nothing yet$/m);
  });

  it("fits a terminal of forty columns, and still says what is harmed", () => {
    const view = viewStanding(standing(2_000, slower));
    const text = verdictText(view, Date.parse(view.at), 40);
    expect(text.split("\n").filter((line) => line.length > 40)).toEqual([]);
    expect(text).toMatch(/^time_p75 .* harmed$/m);
    expect(text.replaceAll(/\s+/g, " ")).toContain("go back time_p75 is");
  });

  it("of what is over says what ended it, and expects nothing more", () => {
    const { input, ...rest } = standing(2_000, slower);
    const { atMs, action, reasons } = judge(input);
    const outcome = { outcome: "done", epoch: 9 } as const;
    const latest = { seq: 7, atMs, attempt: input.rollout.attempt, action, reasons, outcome };
    const over = { ...input, rollout: { ...input.rollout, state: "rolled_back" } } as const;
    const view = viewStanding({ ...rest, input: over, latest });
    const text = verdictText(view, atMs);
    expect(text).toMatch(/^ +verdict +none {2}It is rolled back: nothing is on trial\.$/m);
    expect(text).toMatch(
      /^ +the last +go back {2}at [\d-]+ [\d:]+ UTC: time_p75 is \d+ % higher in the canary .*$/m,
    );
    expect(text).not.toMatch(/^ +goes /m);
    const anew = { ...over, rollout: { ...over.rollout, attempt: 2 } };
    expect(verdictText(viewStanding({ ...rest, input: anew, latest }), atMs)).not.toContain(
      "the last",
    );
  });

  it("says how many page views told no arms, and of how many they were worked out", () => {
    const { input, ...rest } = standing(2_000, usual);
    const told = { token: 940, inferred: 35, nothing: 25 };
    const view = viewStanding({ ...rest, input: { ...input, told } });
    const text = verdictText(view, Date.parse(view.at));
    expect(text).toMatch(
      /^ +arms +2\.5 % of page views told none, the edge worked out those of 3\.5 % of page views$/m,
    );
    const { told: _, ...silent } = input;
    const before = viewStanding({ ...rest, input: silent });
    expect(verdictText(before, Date.parse(before.at))).not.toMatch(/^ +arms /m);
  });

  it("names a split that is not as planned", () => {
    const text = textOf(2_000, usual, { assignments: [{ control: 10_000, canary: 8_000 }] });
    expect(text).toContain("split not as planned");
    expect(text).toContain("8,000 canary, 10,000 control");
  });

  it("of the past says what came of it, and that it is computed again", () => {
    const { input } = standing(2_000, slower);
    const stored = { seq: 1, atMs: input.nowMs, attempt: 1, action: "rollback" as const };
    const verdict = judge(input);
    const outcome = { outcome: "done", epoch: 9 } as const;
    const view = viewStored({ ...stored, reasons: verdict.reasons, outcome, verdict, input });
    const text = verdictText(view, input.nowMs);
    expect(text).toMatch(/^ +done +since epoch 9$/m);
    expect(text).toMatch(/^ +computed again +the same verdict$/m);
    const tampered = { ...verdict, needsPerson: false };
    const other = viewStored({
      ...stored,
      reasons: verdict.reasons,
      outcome,
      verdict: tampered,
      input,
    });
    expect(verdictText(other, input.nowMs)).toContain("another verdict");
  });

  it("says where nobody acts on it, and where notices reached nobody", () => {
    const view = viewStanding({
      ...standing(10, usual),
      isAutomatic: false,
      notices: { pending: 1, failed: 2 },
    });
    const text = verdictText(view, Date.parse(view.at));
    expect(text).toMatch(/^ +judge +only advises$/m);
    expect(text).toMatch(/^ +notices +2 reached nobody$/m);
  });
});

describe("guardrails on the terminal", () => {
  it("are one line each, with what they measure and what harm is", () => {
    const text = guardrailsText({ seenIn: "snippet", ...defaultPolicy("snippet") });
    expect(text).toMatch(
      /^evaluation_p75 +primary +p75 of snippet\.eval_ms +more +none +control +1$/m,
    );
    expect(text).toMatch(
      /^errors +primary +rate of snippet\.error_count > 0 +more +none +everyone/m,
    );
    expect(text).toMatch(/^arrivals +primary +pages that speak at all +less/m);
    expect(text).toMatch(/^ +asks a person +after 168 h undecided$/m);
  });
});

describe("--guardrail", () => {
  it("is a name with fields to change, or off", () => {
    expect(parseGuardrails(['errors={"margin":0.1}', "flicker_mean=off"])).toEqual({
      errors: { margin: 0.1 },
      flicker_mean: null,
    });
  });

  it.each([["errors"], ["errors=7"], ["errors={"], ["errors=off", "errors=off"]])(
    "is refused as %s",
    (...texts) => {
      expect(() => parseGuardrails(texts)).toThrow(/--guardrail/);
    },
  );
});
