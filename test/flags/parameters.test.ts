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
    [{ headers: { nel: '{"report_to":"x","max_age":604800}' } }, "headers.nel"],
    [{ headers: { "report-to": '{"group":"x","max_age":604800}' } }, "headers.report-to"],
    [
      { headers: { "reporting-endpoints": 'x="https://evil.example/r"' } },
      "headers.reporting-endpoints",
    ],
    [
      { headers: { "strict-transport-security": "max-age=63072000" } },
      "headers.strict-transport-security",
    ],
    [{ headers: { "clear-site-data": '"*"' } }, "headers.clear-site-data"],
    [{ headers: { "alt-svc": 'h3="evil.example:443"' } }, "headers.alt-svc"],
    [{ headers: { "public-key-pins": 'pin-sha256="x"' } }, "headers.public-key-pins"],
    [{ headers: { "service-worker-allowed": "/" } }, "headers.service-worker-allowed"],
    [{ headers: { "cache-control": "max-age=31536000, immutable" } }, "headers.cache-control"],
    [{ headers: { "cdn-cache-control": "max-age=31536000" } }, "headers.cdn-cache-control"],
    [
      { headers: { "cdn-cache-control": "max-age=60, stale-if-error=9" } },
      "headers.cdn-cache-control",
    ],
    [{ headers: { "cdn-cache-control": "immutable" } }, "headers.cdn-cache-control"],
    [{ headers: { link: "<https://evil.example/a.js>; rel=preload; as=script" } }, "headers.link"],
    [{ headers: { link: "<//evil.example/a.js>; rel=preload" } }, "headers.link"],
    [{ headers: { link: "</\\evil.example/a.js>; rel=preload" } }, "headers.link"],
    [
      { headers: { link: "</a>; rel=preload, <https://evil.example>; rel=preconnect" } },
      "headers.link",
    ],
    [
      { headers: { link: '</a>; rel=preload; imagesrcset="https://evil.example/a 1x"' } },
      "headers.link",
    ],
    [{ headers: { link: '</a>; rel=preload; anchor="https://evil.example"' } }, "headers.link"],
    [{ headers: { link: "</a>; rel=preconnect" } }, "headers.link"],
    [{ headers: { link: "</a>; rel=compression-dictionary" } }, "headers.link"],
    [{ headers: { link: "</a>" } }, "headers.link"],
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
    { headers: { "cdn-cache-control": "max-age=60, must-revalidate" } },
    { headers: { link: "</js/a.js>; rel=preload; as=script" } },
    { headers: { link: '</a.js>; as="script"; rel="modulepreload", </b>; rel=prefetch' } },
    { delayMs: 2_000, datafile: "candidate", compressionLevel: 5 },
  ])("takes %j as it is", (patch) => {
    expect(parsePatch(patch)).toEqual({ ok: true, value: patch });
    expect(patchedParameters(patch as object).toSorted()).toEqual(Object.keys(patch).toSorted());
  });
});

describe("a refused header", () => {
  it.each([
    ["nel", "x", "a kill cannot take it back"],
    ["cdn-cache-control", "max-age=61", "a kill cannot take back"],
    ["link", "<//evil.example>; rel=preload", "a kill cannot take back"],
    ["x-other", "x", "is not on the allow-list"],
  ])("%s is told why", (name, value, reason) => {
    const parsed = parsePatch({ headers: { [name]: value } });
    expect(parsed.ok ? "" : parsed.error.issues[0]?.message).toContain(reason);
  });

  it("is judged in little time, whatever it looks like", () => {
    const link = `</a>${"; as=a".repeat(40)}`;
    expect(issues({ headers: { link } })).toEqual(["headers.link"]);
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
