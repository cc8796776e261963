// Engines in the runtime that checks them: its stack, its memory.
import { describe, expect, it } from "vitest";
import { control } from "../isolate.ts";

async function publish(version: string, source: string) {
  const response = await control(`/engines/${version}`, { method: "PUT", body: source });
  return { status: response.status, body: await response.json<Record<string, unknown>>() };
}

describe("an engine", () => {
  it.each([
    ["arrays", `x=${"[".repeat(3_000)}${"]".repeat(3_000)}`],
    ["functions", `${"(function(){".repeat(2_000)}${"})()".repeat(2_000)}`],
    ["ternaries", `x=${"a?b:".repeat(50_000)}c`],
    ["hostile", `x=${"[".repeat(500_000)}${"]".repeat(500_000)}`],
  ])("is published where browsers take it, however deep it is: %s", async (version, source) => {
    const { status, body } = await publish(version, source);
    expect(status).toBe(201);
    expect(body["warnings"]).toEqual([expect.stringContaining("parser's stack")]);
  });

  it("is checked as a whole where it only is long", async () => {
    const { status, body } = await publish("sum", `x=${Array(200_000).fill('"a"').join("+")}`);
    expect(status).toBe(201);
    expect(body["warnings"]).toEqual([]);
  });

  it("is refused where it is deep and wrong, and the place is named", async () => {
    const { status, body } = await publish("broken", `x=${"[".repeat(20_000)}\n;`);
    expect(status).toBe(422);
    expect(body).toMatchObject({
      errors: [{ field: "body", detail: expect.stringContaining("(1:20001)") }],
    });
  });

  it("warns of every name that a page may have as well", async () => {
    const { body } = await publish("names", "const {a, b: [c]} = self; class D {}");
    expect(body["warnings"]).toEqual([expect.stringContaining("(a, c, D)")]);
  });
});
