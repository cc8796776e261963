import { beforeAll, describe, expect, it } from "vitest";
import { adminToken, newIsolate, publish } from "../isolate.ts";
import { createFlag, ramp } from "../control-flags.ts";
import { fc } from "../property.ts";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = true;");
  await publish("/snippets/fuzz?account=acme", "{}");
  await publish("/datafiles/fuzz?account=acme", "{}");
  // Some requests are in its canary, some in its control, and some in neither.
  await createFlag("fuzzed", { unit: "request", patch: { compressionLevel: 1, coloTtlS: 9 } });
  await ramp("fuzzed", 300_000);
});

// Half of what is thrown is nearly right: that is where the corners are.
const path = fc.oneof(
  fc.constantFrom(
    "/js/fuzz.js",
    "/js/fuzz/0123456789abcdef.js",
    "/datafiles/fuzz.json",
    "/datafiles/auth/fuzz.json",
    "/healthz",
    "/api",
    "/api/v1/status",
    "/api/v1/snippets/fuzz",
    "/api/v1/snippets/fuzz/history",
    "/api/v1/snippets/fuzz/rollback",
    "/api/v1/tokens",
    "/api/v1/flags/fuzzed",
    "/api/v1/flags/fuzzed/ramp",
    "/api/v1/flags.flagd.json",
    "/api/v1/policy",
    "/api/v1/audit",
    "/api/v1/plan",
    "/api/v1/preview",
    "/ofrep/v1/evaluate/flags",
    "/api/v1/engines/1.0.0",
  ),
  fc.webPath(),
  fc.string({ unit: "binary", maxLength: 80 }).map((text) => `/${encodeURI(text.toWellFormed())}`),
);
const query = fc.oneof(
  fc.constant(""),
  fc.webQueryParameters().map((text) => `?${text}`),
);
const method = fc.constantFrom("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH");
const fieldName = fc.constantFrom(
  "accept-encoding",
  "if-none-match",
  "if-modified-since",
  "if-match",
  "authorization",
  "content-digest",
  "aviary-access-tokens",
  "range",
  "aviary-preview",
  "cf-connecting-ip",
  "origin",
  "content-type",
);
const fieldValue = fc.oneof(
  fc.constantFrom(
    "*",
    '"1"',
    "fuzzed=canary;zzzzzz.AAAAAAAAAAA",
    `Bearer ${adminToken}`,
    "Bearer x",
    "gzip;q=0",
    "*;q=0",
    "bytes=0-1",
  ),
  fc.stringMatching(/^[\x21-\x7e]{0,40}$/),
);
const headers = fc.dictionary(fieldName, fieldValue, { maxKeys: 5 });
const body = fc.oneof(fc.constant(""), fc.json(), fc.string({ maxLength: 200 }));

const forbidden = /<html|at .*\.ts:\d+|at .*\(.*:\d+:\d+\)|Error:/;

describe("any request", () => {
  it("gets an answer that is no 5xx, shows no stack, and has no body where none may be", async () => {
    const isolate = newIsolate();
    const request = fc.record({ path, query, method, headers, body });
    await fc.assert(
      fc.asyncProperty(request, async (wanted) => {
        const hasBody = !["GET", "HEAD"].includes(wanted.method) && wanted.body !== "";
        const response = await isolate.fetch(wanted.path + wanted.query, {
          method: wanted.method,
          headers: wanted.headers,
          ...(hasBody ? { body: wanted.body } : {}),
        });
        const text = await response.text();
        expect(response.status).toBeLessThan(500);
        expect(text).not.toMatch(forbidden);
        const mayHaveBody = ![204, 304].includes(response.status) && wanted.method !== "HEAD";
        expect(mayHaveBody || text === "").toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
