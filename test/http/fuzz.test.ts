import { beforeAll, describe, expect, it } from "vitest";
import { adminToken, newIsolate, publish } from "../isolate.ts";
import { fc } from "../property.ts";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = true;");
  await publish("/snippets/fuzz?account=acme", "{}");
  await publish("/datafiles/fuzz?account=acme", "{}");
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
  "origin",
  "content-type",
);
const fieldValue = fc.oneof(
  fc.constantFrom("*", '"1"', `Bearer ${adminToken}`, "Bearer x", "gzip;q=0", "*;q=0", "bytes=0-1"),
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
