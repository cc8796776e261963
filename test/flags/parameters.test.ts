import { describe, expect, it } from "vitest";
import {
  applyPatch,
  capUnderTrial,
  defaultParameters,
  parameterTable,
  parsePatch,
  patchedParameters,
} from "#flags/parameters.ts";

function issues(patch: unknown): string[] {
  const parsed = parsePatch(patch);
  return parsed.ok ? [] : parsed.error.issues.map((issue) => issue.path);
}

/** Browser and stale allowances under trial. */
function cap(browserMaxAgeS: number): unknown {
  const capped = capUnderTrial({ ...defaultParameters, browserMaxAgeS });
  return [capped.browserMaxAgeS, capped.staleWhileRevalidateS, capped.staleIfErrorS];
}

describe("parameterTable", () => {
  it("has defaults that its own schemas take, and a meaning and a unit for each", () => {
    expect(parsePatch(defaultParameters)).toEqual({ ok: true, value: defaultParameters });
    for (const { doc, unit } of Object.values(parameterTable)) {
      expect(doc).toMatch(/\.$/);
      expect(unit).not.toBe("");
    }
  });
});

describe("parsePatch", () => {
  it.each<[unknown, string]>([
    [{ browserMaxAgeS: -1 }, "browserMaxAgeS"],
    [{ browserMaxAgeS: 86_401 }, "browserMaxAgeS"],
    [{ browserMaxAgeS: 1.5 }, "browserMaxAgeS"],
    [{ browserMaxAgeS: Number.NaN }, "browserMaxAgeS"],
    [{ browserMaxAgeS: undefined }, "browserMaxAgeS"],
    [{ delayMs: 2_001 }, "delayMs"],
    [{ compressionLevel: 12 }, "compressionLevel"],
    [{ compressionLevel: 12 }, "compressionLevel"],
    [{ engine: "../../etc" }, "engine"],
    [{ encodings: [] }, "encodings"],
    [{ encodings: ["br"] }, "encodings"],
    [{ encodings: ["br", "br", "identity"] }, "encodings"],
    [{ encodings: ["identity", "deflate"] }, "encodings.1"],
    [{ datafile: "other" }, "datafile"],
    [{ headers: { "set-cookie": "a=b" } }, "headers.set-cookie"],
    [{ headers: { Priority: "u=1" } }, "headers.Priority"],
    [{ headers: { priority: "u=1\r\nset-cookie: a=b" } }, "headers.priority"],
    [{ unheard_of: 1 }, "unheard_of"],
    [JSON.parse('{"__proto__":{"delayMs":1}}'), "__proto__"],
  ])("refuses %j and names the parameter", (patch, path) => {
    expect(issues(patch)).toEqual([path]);
  });

  it.each([
    {},
    { engine: "2.1.0-rc.1" },
    { encodings: ["zstd", "br", "identity"] },
    { headers: { priority: "u=1, i", "x-aviary-experiment": "slow" } },
    { delayMs: 2_000, datafile: "candidate", compressionLevel: 5 },
  ])("takes %j as it is", (patch) => {
    expect(parsePatch(patch)).toEqual({ ok: true, value: patch });
    expect(patchedParameters(patch as object).toSorted()).toEqual(Object.keys(patch).toSorted());
  });
});

describe("applyPatch", () => {
  it("changes what the patch names and nothing else", () => {
    const patched = applyPatch(defaultParameters, { delayMs: 5 });
    expect(patched).toEqual({ ...defaultParameters, delayMs: 5 });
    expect(defaultParameters.delayMs).toBe(0);
  });
});

describe("capUnderTrial", () => {
  it("lowers max-age to a minute, never raises it, and allows nothing stale", () => {
    expect([cap(3_600), cap(60), cap(0)]).toEqual([
      [60, 0, 0],
      [60, 0, 0],
      [0, 0, 0],
    ]);
  });
});
