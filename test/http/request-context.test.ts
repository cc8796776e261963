// What an audience can ask: the documented names and nothing else, and the same answer
// whether names are looked up one by one or the whole context is needed.
import { beforeAll, describe, expect, it } from "vitest";
import { audienceNames, definedMembers } from "#flags/audience-names.ts";
import { compileLogic, type Logic } from "#flags/logic/compile-logic.ts";
import { runLogic, type Subject } from "#flags/subject.ts";
import type { HeldSnapshot } from "#src/adapters/snapshots.ts";
import { stablePlan } from "#src/delivery/plan.ts";
import { RequestContext, type Asked } from "#src/http/request-context.ts";
import { fc } from "../property.ts";
import { expression } from "../flags/targetings.ts";
import { newIsolate } from "../isolate.ts";

const { services } = newIsolate();
const background = { waitUntil: () => {} };
const nowMs = Date.UTC(2026, 10, 23, 14);
let held: HeldSnapshot;

beforeAll(async () => {
  held = await services.snapshots.current({ nowMs, background });
  if (held.keys.length === 0) throw new Error("there is no key to name visitors with");
});

type Requested = { asked: Asked; headers: Record<string, string>; cf: Record<string, unknown> };

function contextOf({ asked, headers, cf }: Requested): RequestContext {
  const request = new Request("https://cdn.test/js/shop.js", { headers });
  const visit = { request, method: "GET", headers: request.headers, cf, services, background };
  const rest = { nowMs, held, plan: stablePlan, arms: undefined, sample: undefined };
  return new RequestContext({ ...visit, ...rest }, asked);
}

const requests = fc.record<Requested>({
  asked: fc.record<Asked>({
    kind: fc.constantFrom("snippet", "datafile"),
    id: fc.constantFrom("shop", "0", "a.b"),
    account: fc.constantFrom("acme", undefined),
  }),
  headers: fc.record(
    {
      "user-agent": fc.constantFrom("Mozilla/5.0", "1"),
      "cf-connecting-ip": fc.constantFrom("203.0.113.9", "2001:db8::9"),
      referer: fc.constantFrom("https://shop.example/a", "about:client"),
    },
    { requiredKeys: [] },
  ),
  cf: fc.record(
    {
      colo: fc.constant("FRA"),
      country: fc.constantFrom("DE", "T1"),
      continent: fc.constant("EU"),
      asn: fc.constantFrom(64_500, 0),
      httpProtocol: fc.constantFrom("HTTP/2", ""),
    },
    { requiredKeys: [] },
  ),
});

/** What was once to be had, and what every object of JavaScript has. */
const foreign = (
  "nowMs named named.bucket named.id context context.country whole whole.name visit asked cf " +
  "constructor constructor.name constructor.prototype __proto__ __proto__.colo toString valueOf " +
  "hasOwnProperty prototype length #visit visitor.length targetingKey headers"
).split(" ");
const vocabulary = [...audienceNames, ...foreign];

function compiled(targeting: unknown): Logic | undefined {
  try {
    return compileLogic(targeting as never, "flag");
  } catch {
    return undefined;
  }
}

/** The answer as text, failures too. */
function answer(logic: Logic, subject: Subject): string {
  try {
    return JSON.stringify(runLogic(logic, "flag", subject)) ?? "undefined";
  } catch {
    return "throws";
  }
}

describe("an audience", () => {
  it("gets one answer: by name, from the whole context, and in a dry run", () => {
    fc.assert(
      fc.property(expression(4, vocabulary), requests, (targeting, request) => {
        const logic = compiled(targeting);
        if (logic === undefined) return;
        const subject = contextOf(request);
        const complete = { ...logic, needsContext: true };
        const dryRun = { context: definedMembers(subject.context), nowMs };
        const answers = [
          answer(logic, subject),
          answer(complete, subject),
          answer(logic, dryRun),
          answer(complete, dryRun),
        ];
        expect(answers).toEqual(answers.map(() => answers[0]));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each(foreign)("finds nothing under %s, with and without $flagd", (name) => {
    const subject = contextOf({
      asked: { kind: "snippet", id: "shop", account: "acme" },
      headers: { "cf-connecting-ip": "203.0.113.9" },
      cf: { colo: "FRA" },
    });
    const lookUp = { "!!": [{ var: name }] };
    const withKey = { and: [{ "===": [{ var: "$flagd.flagKey" }, "flag"] }, lookUp] };
    const both = [lookUp, withKey].map((each) => answer(compileLogic(each, "flag"), subject));
    // The length of a text is flagd's own answer.
    const found = name === "visitor.length" ? "true" : "false";
    expect(both).toEqual([found, found]);
  });

  it("is shown an object that inherits nothing, holds nothing of its own and takes nothing", () => {
    const { context } = contextOf({
      asked: { kind: "snippet", id: "shop", account: "acme" },
      headers: {},
      cf: {},
    });
    const shown = Object.getPrototypeOf(context) as object;
    expect(Reflect.ownKeys(context)).toEqual([]);
    expect(new Set(Reflect.ownKeys(shown))).toEqual(new Set(audienceNames));
    expect(Object.getPrototypeOf(shown)).toBe(null);
    expect(Object.isFrozen(shown)).toBe(true);
  });
});
