import { describe, expect, it } from "vitest";
import { decodeEvidence, encodeEvidence } from "#src/canary/evidence-codec.ts";
import {
  emptyEvidence,
  foldBatch,
  mergeEvidence,
  type Evidence,
  type EvidenceEvent,
} from "#src/canary/evidence.ts";
import { fc } from "../property.ts";
import { fold, fourKinds, nothing, policyOf, rollout, strata, trialFor, view } from "./trials.ts";

const trial = trialFor(fourKinds, {
  strata: [
    ...strata,
    { fromEpoch: 20, canaryPpm: 500_000, controlPpm: 500_000 },
    { fromEpoch: 30, canaryPpm: 900_000, controlPpm: 100_000 },
  ],
});

type ObservedBy<A> = A extends fc.Arbitrary<infer T> ? T : never;

const observation = fc.record({
  arm: fc.constantFrom("canary" as const, "control" as const, "rest" as const),
  epoch: fc.constantFrom(5, 10, 20, 30),
  bucket: fc.nat(63),
  atMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_000 + 9_000_000 }),
  // Whole numbers, whose sums are exact in any order.
  columns: fc.record({
    errors: fc.nat(2),
    ms: fc.nat(100_000),
    bytes: fc.nat(50_000),
    hit: fc.boolean(),
  }),
});

function viewOf(seq: number, { arm, ...rest }: ObservedBy<typeof observation>): EvidenceEvent {
  return view(seq, arm, rest);
}

const shard = fc
  .array(observation, { maxLength: 40 })
  .map((list) => list.map((each, at) => viewOf(at + 1, each)));

const bytes = (evidence: Evidence) => Buffer.from(encodeEvidence(evidence)).toString("base64");

function merged(left: Evidence, right: Evidence): Evidence {
  const sum = mergeEvidence(left, right);
  if (!sum.ok) throw new Error(sum.error.reason);
  return sum.value;
}

/** The evidence of one shard alone. */
function alone(name: string, events: readonly EvidenceEvent[]): Evidence {
  const folded = foldBatch(nothing, trial, { shard: name, events });
  if (!folded.ok) throw new Error(folded.error.reason);
  return folded.value;
}

describe("evidence", () => {
  it("merge order never matters", () => {
    fc.assert(
      fc.property(shard, shard, shard, (a, b, c) => {
        const [first, second, third] = [alone("a", a), alone("b", b), alone("c", c)];
        const whole = bytes(merged(merged(first, second), third));
        expect(bytes(merged(first, merged(second, third)))).toBe(whole);
        expect(bytes(merged(merged(third, first), second))).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });

  it("folding in turns is folding apart and merging", () => {
    fc.assert(
      fc.property(shard, shard, fc.nat(40), (a, b, cut) => {
        const halves = [
          { shard: "a", events: a.slice(0, cut) },
          { shard: "b", events: b },
          { shard: "a", events: a.slice(cut) },
        ];
        const inTurns = halves.reduce((sum, batch) => {
          const folded = foldBatch(sum, trial, batch);
          return folded.ok ? folded.value : sum;
        }, nothing);
        expect(bytes(inTurns)).toBe(bytes(merged(alone("a", a), alone("b", b))));
      }),
      { numRuns: 200 },
    );
  });

  it("a batch that comes twice, or overlaps with the one before, counts once", () => {
    fc.assert(
      fc.property(shard, fc.nat(40), fc.nat(40), (events, cut, back) => {
        const once = fold(nothing, trial, events);
        const first = fold(nothing, trial, events.slice(0, cut));
        const overlapping = events.slice(Math.max(0, cut - back));
        const twice = fold(fold(first, trial, overlapping), trial, events);
        expect(bytes(twice)).toBe(bytes(once));
      }),
      { numRuns: 200 },
    );
  });

  it("what would count twice is not merged", () => {
    const left = alone("a", [view(1, "canary")]);
    const shared = mergeEvidence(left, alone("a", [view(1, "canary")]));
    expect(shared).toMatchObject({ ok: false, error: { reason: "shared_shard", shard: "a" } });
    const other = emptyEvidence({ flag: "trial", attempt: 2 });
    expect(mergeEvidence(left, other)).toMatchObject({ error: { reason: "different_trials" } });
    expect(foldBatch(other, trial, { shard: "a", events: [] })).toMatchObject({
      error: { reason: "different_trials" },
    });
  });

  it("evidence that was given stays as it was", () => {
    const before = fold(nothing, trial, [view(1, "canary", { columns: { ms: 5 } })]);
    const kept = bytes(before);
    fold(before, trial, [view(2, "canary", { columns: { ms: 5 } })]);
    expect(bytes(before)).toBe(kept);
  });

  it("an arm that nobody vouches for, and one of an earlier attempt, count nowhere", () => {
    const columns = { ms: 5 };
    const unknown = { ...view(1, "canary", { columns }), arms: undefined } as EvidenceEvent;
    const stranger = view(2, "canary", { columns, epoch: 9 });
    const late = { ...view(3, "canary", { columns }), kind: "late_only" } as EvidenceEvent;
    const { units, tallies, strangers } = fold(nothing, trial, [unknown, stranger, late]);
    expect(units.every((count) => count === 0)).toBe(true);
    expect(tallies.size).toBe(0);
    expect(strangers).toBe(1);
  });

  it("a delivery of another kind is no unit, and is measured only where it is asked for by name", () => {
    const measure = { kind: "mean", column: "delivery.bytes" };
    const everywhere = [{ column: "delivery.route", is: "datafile" }];
    const policy = policyOf({
      guardrails: [
        { name: "own", source: "delivery", measure },
        { name: "named", source: "delivery", measure, where: everywhere },
      ],
    });
    const of = trialFor(policy);
    const columns = { "delivery.bytes": 5, "delivery.route": "datafile" };
    const poll = { ...view(1, "canary", { columns }), kind: "delivery", route: "datafile" };
    const { units, tallies } = fold(nothing, of, [poll as EvidenceEvent]);
    expect(units.every((count) => count === 0)).toBe(true);
    expect([...tallies.keys()]).toHaveLength(1);
    const page = { ...poll, route: "snippet", columns: { "delivery.bytes": 5 } };
    expect(fold(nothing, of, [page as EvidenceEvent]).units[1]).toBe(1);
  });

  it("the shards that it remembers are bounded", () => {
    const many = Array.from({ length: 512 }, (_, at) => `s${at}`);
    const full: Evidence = { ...nothing, cursors: new Map(many.map((name) => [name, 1])) };
    const events = [view(1, "canary")];
    expect(foldBatch(full, trial, { shard: "one more", events })).toMatchObject({
      error: { reason: "too_many_shards" },
    });
    expect(foldBatch(nothing, trial, { shard: "s".repeat(65), events })).toMatchObject({
      error: { reason: "shard_name_too_long" },
    });
    expect(mergeEvidence(full, alone("one more", events))).toMatchObject({
      error: { reason: "too_many_shards" },
    });
  });

  it("a measure that the policy no longer has is forgotten", () => {
    const before = fold(nothing, trial, [view(1, "canary", { columns: { ms: 5, bytes: 1 } })]);
    const amended = policyOf({
      guardrails: [{ name: "bytes", measure: { kind: "mean", column: "bytes" } }],
    });
    const after = fold(before, trialFor(amended), [view(2, "canary", { columns: { bytes: 1 } })]);
    expect([before.tallies.size, after.tallies.size]).toEqual([2, 1]);
  });

  it("whole accounts share a bucket, visitors have their own", () => {
    const columns = { "account.id": "acme", bytes: 1 };
    const events = [1, 2, 3].map((seq) => view(seq, "canary", { columns }));
    const filled = (unit: "account" | "visitor") => {
      const of = trialFor(fourKinds, { rollout: { ...rollout, unit } });
      return fold(nothing, of, events).crowds.filter((count) => count > 0).length;
    };
    expect([filled("account"), filled("visitor")]).toEqual([1, 3]);
  });
});

describe("everyone as the control", () => {
  const against = policyOf({
    guardrails: [
      { name: "bytes", measure: { kind: "mean", column: "bytes" }, against: "everyone" },
      { name: "ms", measure: { kind: "mean", column: "ms" } },
    ],
  });
  const events = [1, 2, 3].map((seq) => view(seq, "rest", { columns: { bytes: 1, ms: 1 } }));
  const keys = (over: object) => [
    ...fold(
      nothing,
      trialFor(against, { rollout: { ...rollout, ...over } }),
      events,
    ).tallies.keys(),
  ];

  it("counts who is in neither arm, for the guardrails that ask for it", () => {
    expect(keys({})).toEqual(["mean|bytes||skip|page_view|everyone|"]);
  });

  it("refuses who may never have been asked: an audience's outsiders look the same", () => {
    expect(keys({ audience: { "==": [1, 1] } })).toEqual([]);
    expect(keys({ prerequisites: ["other"] })).toEqual([]);
  });
});

describe("how pages told their arms", () => {
  it("is counted, be it that they were in none; and an arm that is unknown counts for nothing", () => {
    const columns = { columns: { errors: 0, ms: 5 } };
    const inferred = { ...view(2, "canary", columns), isInferred: true };
    const evidence = fold(nothing, trial, [
      view(1, "canary", columns),
      inferred,
      view(3, "rest", columns),
      { ...view(4, "control", columns), arms: undefined },
      { ...inferred, seq: 5, arms: { [trial.flag]: "unknown" } },
    ]);
    expect(evidence.told).toEqual({ token: 2, inferred: 1, nothing: 2 });
    expect(evidence.units.reduce((sum, each) => sum + each, 0)).toBe(2);
  });
});

describe("stored evidence", () => {
  it("is read back exactly, fractions too", () => {
    fc.assert(
      fc.property(shard, fc.double({ min: 0, max: 1e6, noNaN: true }), (events, fraction) => {
        const last = view(1_000, "canary", { columns: { bytes: fraction, ms: 3 } });
        const evidence = fold(nothing, trial, [...events, last]);
        const decoded = decodeEvidence(encodeEvidence(evidence));
        expect(decoded).toEqual({ ok: true, value: evidence });
      }),
      { numRuns: 200 },
    );
  });

  it("one flag with ten guardrails is below 256 KB, whatever the traffic", () => {
    const guardrails = Array.from({ length: 10 }, (_, at) => ({
      name: `time_${at}`,
      measure: { kind: "quantile", column: `time.${at}`, p: 0.75 },
      where: [{ column: "snippet.transfer_size", above: 0 }],
    }));
    const columns = { "snippet.transfer_size": 1 };
    for (let at = 0; at < 10; at += 1) Object.assign(columns, { [`time.${at}`]: 5 });
    const full = fold(nothing, trialFor(policyOf({ guardrails })), [
      view(1, "canary", { columns }),
    ]);
    // Every count as large as a double holds exactly, every sum a fraction.
    const most = Number.MAX_SAFE_INTEGER - 2;
    for (const counts of [full.units, full.crowds, full.pulse.slots, full.recent.slots]) {
      counts.fill(most);
    }
    for (const { sums, buckets, bins } of full.tallies.values()) {
      sums.fill(1 / 3);
      buckets.fill(1 / 3);
      bins.fill(most);
    }
    for (let at = 0; at < 512; at += 1) full.cursors.set(`${at}`.padStart(64, "s"), most);
    full.cursors.delete("shard-0");
    const size = encodeEvidence(full).length;
    expect(full.tallies.size).toBe(10);
    expect(size).toBeLessThan(256 * 1024);
    expect(size).toBeGreaterThan(128 * 1024);
    expect(decodeEvidence(encodeEvidence(full))).toEqual({ ok: true, value: full });
  });

  it("what is torn is refused as a whole", () => {
    const stored = encodeEvidence(
      fold(nothing, trial, [view(1, "canary", { columns: { ms: 5 } })]),
    );
    for (let length = 0; length < stored.length; length += 1) {
      expect(decodeEvidence(stored.slice(0, length))).toMatchObject({
        error: { reason: "torn_evidence" },
      });
    }
    expect(decodeEvidence(Uint8Array.of(...stored, 0))).toMatchObject({
      error: { reason: "torn_evidence" },
    });
  });

  it("another version is refused by its number", () => {
    expect(decodeEvidence(Uint8Array.of(9, 0))).toEqual({
      ok: false,
      error: { reason: "unknown_evidence_version", version: 9 },
    });
  });

  it("no bytes whatever make it throw, or run on", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(decodeEvidence(Uint8Array.of(1, ...noise)).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
