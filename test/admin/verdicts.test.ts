// Verdicts and guardrails through the control API.
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "valibot";
import { verdictList, verdictView, guardrailsView } from "#src/admin/verdict-contract.ts";
import { judge } from "#src/canary/judge.ts";
import type { VerdictInput } from "#src/canary/verdict-input.ts";
import { ask, createFlag, kill } from "../control-flags.ts";
import { onTrial, pages, type OnTrial, type Pages } from "../objects/trial-flags.ts";

afterEach(async () => {
  await kill();
});

async function send(trial: OnTrial, what: Omit<Pages, "flag" | "epoch">): Promise<void> {
  const events = pages({ flag: trial.key, epoch: await trial.epoch(), ...what });
  await trial.rpc().take({ shard: "one", events });
}

async function verdictOf(key: string, query = "") {
  const { body } = await ask(`/flags/${key}/verdict${query}`);
  return parse(verdictView, body);
}

describe("a verdict through the control API", () => {
  it("has every guardrail with its estimate, interval and evidence, and when it can be decided", async () => {
    const trial = await onTrial("shown");
    await send(trial, { units: 150 });
    const verdict = await verdictOf("shown");
    expect(verdict).toMatchObject({ key: "shown", action: "hold", step: null, isAutomatic: true });
    expect(verdict.units).toEqual({ canary: 150, control: 150 });
    const [evaluation] = verdict.guardrails;
    expect(evaluation).toMatchObject({ name: "evaluation_p75", isHarmed: false });
    const { interval, change } = evaluation ?? {};
    expect(interval?.lower).toBeLessThan(change ?? 0);
    expect(interval?.upper).toBeGreaterThan(change ?? 0);
    expect(Date.parse(verdict.decisionAt ?? "")).toBeGreaterThan(Date.parse(verdict.at));
    expect(verdict.reasons[0]?.detail).toBe("150 of 200 units have come.");
  });

  it("of the past is found by its time and computed again from its own input", async () => {
    const trial = await onTrial("past");
    await send(trial, { units: 600, slower: 1.5 });
    await trial.look();
    const { verdicts } = parse(verdictList, (await ask("/flags/past/verdicts?limit=1")).body);
    const [line] = verdicts;
    expect(line).toMatchObject({ action: "rollback", outcome: { outcome: "done" } });
    expect(line?.reasons[0]?.detail).toMatch(/^evaluation_p75 is \d+ % higher in the canary \(/);
    const stored = await verdictOf("past", `?at=${line?.at}&input=true`);
    expect(stored).toMatchObject({ isReproduced: true, action: "rollback", at: line?.at });
    expect(judge(stored.input as VerdictInput).reasons[0].reason).toBe("harmed");
    expect((await verdictOf("past")).reasons[0]?.detail).toBe(
      "It is rolled back: nothing is on trial.",
    );
  });

  it.each([
    ["/flags/nobody/verdict", 404],
    ["/flags/drafted/verdict", 404],
    ["/flags/drafted/verdict?at=2020-01-01T00:00Z", 404],
    ["/flags/drafted/verdict?at=yesterday", 400],
    ["/flags/drafted/verdicts?limit=0", 400],
    ["/flags/nobody/guardrails", 404],
  ])("%s is answered %i", async (path, status) => {
    await ask("/flags/drafted", { method: "PUT", body: JSON.stringify({ patch: { delayMs: 1 } }) });
    expect((await ask(path)).status).toBe(status);
  });
});

describe("guardrails", () => {
  it("are shown with all defaults, whether or not their author said anything", async () => {
    await createFlag("defaults", { patch: { delayMs: 1 }, guardrails: { automatic: false } });
    const shown = parse(guardrailsView, (await ask("/flags/defaults/guardrails")).body);
    expect(shown).toMatchObject({ seenIn: "snippet", automatic: false, alpha: 0.05 });
    expect(shown.guardrails.map(({ name }) => name)).toContain("evaluation_p75");
  });

  it.each([
    [{ alpha: 3 }, "guardrails.alpha"],
    [{ change: { errors: { margin: -1 } } }, "guardrails.change.errors.margin"],
    [{ guardrails: [] }, "guardrails.guardrails"],
    ["none", "guardrails"],
  ])("that cannot be are refused by their field: %j", async (guardrails, field) => {
    const body = JSON.stringify({ patch: { delayMs: 1 }, guardrails });
    const refused = await ask("/flags/unjudged", { method: "PUT", body });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    expect((await ask("/flags/unjudged")).status).toBe(404);
  });
});
