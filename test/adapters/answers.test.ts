// Answers in memory: one set of bytes under many plans, and responses that many share.
import { describe, expect, it } from "vitest";
import { Answers, type Answer, type AnswerContent } from "#src/adapters/answers.ts";
import { deliveryPlan, stablePlan } from "#src/delivery/plan.ts";
import { varyOn } from "#src/delivery/headers.ts";

const content: AnswerContent = {
  revision: 1,
  encoding: "identity",
  body: new TextEncoder().encode("self.engine = 1;"),
  validators: {
    etag: '"abc"',
    lastModified: "Wed, 25 Nov 2026 16:00:00 GMT",
    lastModifiedMs: Date.UTC(2026, 10, 25, 16),
    byDate: "later",
  },
  contentType: "text/javascript; charset=utf-8",
  visibility: "public",
  vary: varyOn.encoding,
  isProvisional: false,
};

function held(): { readonly answers: Answers; readonly answer: Answer } {
  const answers = new Answers();
  return { answers, answer: answers.put("key", content, stablePlan) };
}

const timingOf = (response: Response): string | null => response.headers.get("server-timing");

describe("a shared response", () => {
  it("is one object for all who are told the same, and never told another thing", () => {
    const { answers, answer } = held();
    const { notModified } = answers.templatesFor(answer, stablePlan);
    const first = notModified.share("cache;desc=hit");
    expect(notModified.share("cache;desc=hit")).toBe(first);
    const own = notModified.make(null, 'av;desc="token"');
    const later = notModified.share("cache;desc=hit, later");
    expect(later).not.toBe(first);
    expect([first, own, later].map(timingOf)).toEqual([
      "cache;desc=hit",
      'av;desc="token"',
      "cache;desc=hit, later",
    ]);
    expect(first.status).toBe(304);
  });
});

describe("a response of its own", () => {
  it("keeps its Server-Timing when the next one is made", async () => {
    const { answers, answer } = held();
    const { ok } = answers.templatesFor(answer, stablePlan);
    const one = ok.make(answer.body, "one");
    const other = ok.make(answer.body.stream(), "other");
    expect([one, other].map(timingOf)).toEqual(["one", "other"]);
    expect(await Promise.all([one.text(), other.text()])).toEqual(
      Array(2).fill("self.engine = 1;"),
    );
  });

  it("has the fields of the plan that it was made for, whoever asked in between", () => {
    const { answers, answer } = held();
    const parameters = { ...stablePlan.parameters, browserMaxAgeS: 7 };
    const short = deliveryPlan({ parameters, copy: "" });
    const cacheOf = (plan: typeof short): string | null =>
      answers.templatesFor(answer, plan).ok.make(null, "t").headers.get("cache-control");
    const usual = cacheOf(stablePlan);
    expect(cacheOf(short)).toContain("max-age=7");
    expect(cacheOf(stablePlan)).toBe(usual);
    expect(usual).not.toContain("max-age=7,");
  });
});
