import { describe, expect, it } from "vitest";
import { defaultParameters } from "#flags/parameters.ts";
import { cacheControl } from "#src/delivery/cache-policy.ts";

describe("cacheControl", () => {
  it("always names the stale allowances of a public answer, also when there are none", () => {
    const none = { ...defaultParameters, staleWhileRevalidateS: 0, staleIfErrorS: 0 };
    expect(cacheControl(none, "public")).toBe(
      "public, max-age=120, stale-while-revalidate=0, stale-if-error=0",
    );
  });

  it("keeps private answers out of shared caches", () => {
    expect(cacheControl(defaultParameters, "private")).toBe("private, max-age=120");
  });

  it("lets an immutable answer stay for a year", () => {
    expect(cacheControl(defaultParameters, "immutable")).toBe(
      "public, max-age=31536000, immutable",
    );
  });
});
