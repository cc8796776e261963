import { describe, expect, it } from "vitest";
import { rows } from "../size.ts";

describe("what we ship", () => {
  it.each(Object.entries(rows))("stays within its budget: %s", async (_, { measure, maxBytes }) => {
    const bytes = await measure();
    expect(bytes).toBeGreaterThan(500);
    expect(bytes).toBeLessThanOrEqual(maxBytes);
  });
});
