import { describe, expect, it } from "vitest";
import { armsText, historyText } from "../../cli/arms-report.ts";
import { changeText } from "../../cli/flag-report.ts";
import { formatRate, formatShare, parseShare } from "../../cli/share.ts";
import { stagesText } from "../../cli/reach-report.ts";

const counted = { stage: 1, attempt: 2, visits: 1, kind: "snippet" } as const;

type Detail = Parameters<typeof armsText>[0];

/** A flag at 60 %, whose second attempt counted some requests. */
const flag: Detail = {
  key: "cache",
  code: "a",
  state: "ramping",
  sharePpm: 600_000,
  stage: 1,
  attempt: 2,
  revision: 5,
  changedAt: "2026-11-23T12:00:00.000Z",
  shareSetAt: "2026-11-23T12:00:00.000Z",
  arms: { canary: 600_000, control: 400_000, rest: 0 },
  stale: false,
  ill: [],
  actions: ["ramp"],
  unit: "visitor",
  seed: "0123456789",
  audience: null,
  patch: { delayMs: 1 },
  stages: [],
  layer: null,
  prerequisites: [],
  holdoutPpm: 10_000,
  freezes: [],
  counts: [
    { ...counted, arm: "canary", sharePpm: 600_000, requests: 1_000 },
    { ...counted, arm: "canary", sharePpm: 600_000, requests: 200, kind: "datafile" },
    { ...counted, arm: "control", sharePpm: 600_000, requests: 800 },
    { ...counted, arm: "control", sharePpm: 500_000, requests: 5_000, stage: 0 },
    { ...counted, arm: "control", sharePpm: 600_000, requests: 9_999, attempt: 1 },
  ],
  perMinute: { canary: 120.4, control: 0.04, rest: 0 },
};

describe("the arms of a flag", () => {
  it("are compared at the current share of the current attempt, over all kinds of request", () => {
    expect(armsText(flag).split("\n").slice(1)).toEqual([
      "canary   60 %  1,200     60.0 %   60.0 %  120",
      "control  40 %  800       40.0 %   40.0 %  less than 0.1",
    ]);
  });

  it("are shown by their sizes before anything is counted", () => {
    const arms = { canary: 1_000, control: 1_000, rest: 998_000 };
    const fresh = armsText({ ...flag, arms, counts: [], perMinute: null });
    expect(fresh).toMatch(/^canary +0\.1 % +0 +50\.0 %$/m);
    expect(fresh).toMatch(/^rest +99\.8 %$/m);
    expect(fresh).toContain("No request was counted yet.");
    expect(fresh).not.toContain("NaN");
  });

  it("leave out what a narrow terminal has no room for", () => {
    expect(armsText(flag, 40).split("\n").slice(1)).toEqual([
      "canary   60 %  1,200     60.0 %   60.0 %",
      "control  40 %  800       40.0 %   40.0 %",
    ]);
    expect(armsText(flag, 30)).toMatch(/^canary +60 % +1,200 +60\.0 %$/m);
  });

  it("are not compared where there is no control", () => {
    const arms = { canary: 1_000_000, control: 0, rest: 0 };
    expect(armsText({ ...flag, state: "promoted", arms })).toContain("not on trial");
  });

  it("have a history of the current attempt alone", () => {
    const text = historyText(flag);
    expect(text).toMatch(/^1 +50 % +control +snippet +5,000$/m);
    expect(text).not.toContain("9,999");
    expect(historyText({ ...flag, counts: [] })).toBe("");
  });
});

describe("what a change does", () => {
  const nowMs = Date.parse("2026-11-25T08:12:00Z");
  const reach = {
    sharePpm: 600_000,
    since: "2026-11-25T08:00:00Z",
    requestsPerMinute: 12,
    viewsPerMinute: 12,
    isAtMost: false,
    units: null,
  };
  const share = { dryRun: true, epoch: 1, before: { ...flag, sharePpm: 50_000 }, after: flag };
  const change = { ...share, reach, stagesAhead: [] };

  it.each([
    [{ canary: 1_234.5, basis: "measured" }, "about 1,235 requests a minute"],
    [{ canary: 0.2, basis: "at_most" }, "at most 0.2 requests a minute"],
    [
      { canary: 12, basis: "seen" },
      "about 12 requests a minute get the change, by the traffic of the last 12 minutes",
    ],
    [null, "not known: nothing was counted"],
  ] as const)("tells %j as %s", (requestsPerMinute, said) => {
    const text = changeText({ ...change, requestsPerMinute }, nowMs);
    expect(text).toMatch(/share +5 % → 60 %/);
    expect(text).toMatch(/arms +canary 60 %, control 40 %$/m);
    expect(text).toContain(said);
  });

  it("names one minute of traffic without its number", () => {
    const since = "2026-11-25T08:11:30Z";
    const requestsPerMinute = { canary: 12, basis: "seen" } as const;
    const text = changeText({ ...change, reach: { ...reach, since }, requestsPerMinute }, nowMs);
    expect(text).toMatch(/by the traffic of the last minute$/m);
  });

  it("says of each stage when it can end and what comes last", () => {
    const day = 86_400_000;
    const judged = { mode: "judged", needs: 200, unitsPerDay: 50 } as const;
    const stagesAhead = [
      { ...judged, sharePpm: 50_000, waitsFor: "units", readyAfterMs: 4 * day },
      { ...judged, sharePpm: 100_000, waitsFor: "proof", readyAfterMs: 5 * day },
      { ...judged, sharePpm: 250_000, waitsFor: "person", readyAfterMs: 7 * day },
      { ...judged, mode: "manual", sharePpm: 500_000, waitsFor: "person", readyAfterMs: 2 * day },
    ] as const;
    const ends = stagesText({ ...change, stagesAhead: [...stagesAhead] }, nowMs)
      .split("\n")
      .map((line) => line.split(/ {2,}/).at(-1)?.trim());
    expect(ends.slice(0, 5)).toEqual([
      "CAN END",
      "after 4 days: units come last",
      "after 5 days: proof of no harm comes last",
      "after 7 days: a person is asked, as proof takes longer",
      "after 2 days, by hand",
    ]);
  });

  it("says nothing of traffic where nobody gets the change", () => {
    const after = { ...flag, state: "draft", sharePpm: 0 } as const;
    expect(changeText({ ...change, after, requestsPerMinute: null }, nowMs)).not.toContain(
      "traffic",
    );
  });
});

describe("a share", () => {
  it.each([
    ["5%", 50_000, "5 %"],
    ["0.1%", 1_000, "0.1 %"],
    ["500ppm", 500, "0.05 %"],
    ["0.0001%", 1, "0.0001 %"],
    ["100%", 1_000_000, "100 %"],
    ["33.3333%", 333_333, "33.3333 %"],
  ])("%s is %i ppm, and shown as %s", (text, ppm, shown) => {
    expect(parseShare("<share>", text)).toBe(ppm);
    expect(formatShare(ppm)).toBe(shown);
  });

  it("has a rate that is never rounded away", () => {
    expect([0, 0.04, 0.14, 9.96, 1_234.4].map((rate) => formatRate(rate))).toEqual([
      "0",
      "less than 0.1",
      "0.1",
      "10",
      "1,234",
    ]);
  });
});
