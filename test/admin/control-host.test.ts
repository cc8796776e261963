// Where the control API answers, and what closes it.
import { describe, expect, it, vi } from "vitest";
import { adminToken, newIsolate } from "../isolate.ts";

const accessVariables = {
  ACCESS_TEAM_DOMAIN: "acme",
  ACCESS_AUD: "f".repeat(64),
  ACCESS_SCOPES: "{}",
};

describe("the control host", () => {
  it("is the only one that answers where it is set; the CDN host knows nothing of it", async () => {
    const isolate = newIsolate({ CONTROL_HOST: "control.test" });
    const there = await isolate.fetch("https://control.test/api/v1/status");
    const here = await isolate.fetch("https://cdn.test/api/v1/status");
    const nowhere = await isolate.fetch("https://cdn.test/nothing/at/all");
    expect([there.status, here.status]).toEqual([401, 404]);
    expect(await here.text()).toBe(await nowhere.text());
    const delivery = await isolate.fetch("https://control.test/js/demo.js");
    expect(delivery.status).toBe(404);
    expect(await delivery.text()).not.toContain("demo");
  });

  it("is not opened by a request that calls it localhost, in a deployment that has none", async () => {
    const isolate = newIsolate({ CONTROL_HOST: "", AVIARY_LOCAL: "" });
    for (const host of ["localhost", "127.0.0.1", "[::1]", "cdn.test"]) {
      const headers = { authorization: `Bearer ${adminToken}`, host: "localhost" };
      const answer = await isolate.fetch(`https://${host}/api/v1/status`, { headers });
      expect(answer.status).toBe(404);
    }
  });

  it.each([
    [{ CONTROL_HOST: "https://control.test" }, "CONTROL_HOST must be a host alone"],
    [{ ACCESS_TEAM_DOMAIN: "acme" }, "ACCESS_AUD must be set"],
    [{ ACCESS_AUD: "f".repeat(64) }, "ACCESS_TEAM_DOMAIN must be set"],
    [
      { ...accessVariables, ACCESS_TEAM_DOMAIN: "evil.example" },
      "ACCESS_TEAM_DOMAIN must be as in",
    ],
    [{ ...accessVariables, ACCESS_SCOPES: "read" }, "ACCESS_SCOPES must be JSON"],
    [{ ...accessVariables, ACCESS_SCOPES: '{"anybody":["read"]}' }, "ACCESS_SCOPES may name"],
    [{ ...accessVariables, ACCESS_SCOPES: '{"everyone":["root"]}' }, "ACCESS_SCOPES may give"],
  ])("is closed by %j, and the log says why", async (variables, reason) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const isolate = newIsolate(variables);
    expect(log.mock.calls.join()).toContain(reason);
    log.mockRestore();
    const answer = await isolate.fetch("/api/v1/status");
    expect(answer.status).toBe(503);
    expect((await isolate.fetch("/healthz")).status).toBe(200);
  });
});
