import { describe, expect, it } from "vitest";
import { counted } from "../../cli/format.ts";

describe("a count", () => {
  it.each([
    [0, "0 ids"],
    [1, "1 id"],
    [2, "2 ids"],
    [1_000, "1,000 ids"],
  ])("of %d is said as %s", (amount, said) => {
    expect(counted(amount, "id")).toBe(said);
  });
});
