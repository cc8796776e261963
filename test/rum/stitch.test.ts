import { describe, expect, it } from "vitest";
import {
  sealAfterMs,
  sealDueMs,
  sealIfDue,
  stitch,
  viewKey,
  type Outcome,
  type Received,
  type Sealed,
  type View,
} from "#rum/stitch.ts";
import { wideEvent, type WideEvent } from "#rum/wide-event.ts";
import { fc } from "../property.ts";
import { fullEarly, fullLate, received } from "./beacons.ts";

const startMs = 1_795_000_001_500;

/** Which beacon, when it was taken, and which of several copies that differ. */
type Came = { readonly sequence: number; readonly atMs: number; readonly copy?: number };

function beaconOf({ sequence, copy = 0 }: Came): Received {
  const full = sequence === 0 ? fullEarly : fullLate;
  return received({
    ...full,
    "stitch.late_seq": sequence,
    "client.sent_at": 1_000 * sequence + copy,
    // What each late beacon alone says: a later one leaves it as it is.
    [sequence % 2 === 0 ? "page.visible_ms" : "page.end_at"]: sequence,
  });
}

type Run = {
  readonly view: View | undefined;
  readonly outcomes: readonly Outcome[];
  readonly sealed: readonly Sealed[];
};

/** Stitches what came in that order. */
function run(list: readonly Came[], from?: View): Run {
  let view = from;
  const outcomes: Outcome[] = [];
  const sealed: Sealed[] = [];
  for (const each of list) {
    const step = stitch(view, beaconOf(each), startMs + each.atMs);
    view = step.view;
    outcomes.push(step.outcome);
    sealed.push(...step.sealed);
  }
  return { view, outcomes, sealed };
}

/** The same, and what is left is sealed when it is due. */
function runToEnd(list: readonly Came[]): Run {
  const { view, outcomes, sealed } = run(list);
  const rest = view === undefined ? undefined : sealIfDue(view, startMs + 1e9);
  if (rest === undefined) return { view, outcomes, sealed };
  return { view: rest.view, outcomes, sealed: [...sealed, rest.sealed] };
}

function dueMs(list: readonly Came[]): number | undefined {
  const { view } = run(list);
  return view === undefined ? undefined : sealDueMs(view);
}

function sequencesOf({ arrivals }: Sealed): readonly number[] {
  return arrivals.map(({ beacon }) => beacon.said["stitch.late_seq"]);
}

/** Each event as its kind and the numbers of its beacons. */
function summary({ sealed }: Run): readonly (readonly [string, ...(readonly number[])])[] {
  return sealed.map((each) => [each.kind, ...sequencesOf(each)] as const);
}

function came(...sequences: readonly number[]): readonly Came[] {
  return sequences.map((sequence, at) => ({ sequence, atMs: 10 * at }));
}

function withoutDuplicates(sealed: readonly Sealed[]): readonly WideEvent[] {
  return sealed.map((each) => wideEvent({ ...each, duplicates: 0 }));
}

describe("stitch", () => {
  it.each([[came(0, 1)], [came(1, 0)]])("seals a view with its second beacon: %j", (both) => {
    const { outcomes, sealed, view } = run(both);
    expect(outcomes).toEqual(["opened", "sealed"]);
    expect(sealed.map(({ kind }) => kind)).toEqual(["page_view"]);
    expect(sealed.map(sequencesOf)).toEqual([[0, 1]]);
    expect(view?.state).toBe("sealed");
  });

  it("does not take a second late beacon for the early one", () => {
    const { outcomes, view } = run(came(1, 2));
    expect(outcomes).toEqual(["opened", "joined"]);
    expect(view?.state).toBe("open");
  });

  it("seals 30 s after the first beacon, not a millisecond before", () => {
    const { view } = run([
      { sequence: 1, atMs: 0 },
      { sequence: 2, atMs: 20_000 },
    ]);
    if (view === undefined) throw new Error("no view");
    expect(sealDueMs(view)).toBe(startMs + sealAfterMs);
    expect(sealIfDue(view, startMs + sealAfterMs - 1)).toBeUndefined();
    const due = sealIfDue(view, startMs + sealAfterMs);
    expect(due?.sealed.kind).toBe("late_only");
    expect(due === undefined ? undefined : sealDueMs(due.view)).toBeUndefined();
    expect(due === undefined ? undefined : sealIfDue(due.view, startMs + 1e9)).toBeUndefined();
  });

  it("joins what was taken before the 30 s were over, and nothing after", () => {
    const early = runToEnd([
      { sequence: 0, atMs: 0 },
      { sequence: 1, atMs: sealAfterMs - 1 },
    ]);
    expect(summary(early)).toEqual([["page_view", 0, 1]]);
    const tooLate = runToEnd([
      { sequence: 0, atMs: 0 },
      { sequence: 1, atMs: sealAfterMs },
    ]);
    expect(tooLate.outcomes).toEqual(["opened", "went_alone"]);
    expect(summary(tooLate)).toEqual([
      ["page_view", 0],
      ["late_only", 1],
    ]);
  });

  it.each<[readonly number[], ReturnType<typeof summary>]>([
    [
      [0, 1, 2],
      [
        ["page_view", 0, 1],
        ["page_update", 2],
      ],
    ],
    [
      [0, 2, 1],
      [
        ["page_view", 0, 2],
        ["page_update", 1],
      ],
    ],
    [[1, 2, 0], [["page_view", 0, 1, 2]]],
    [
      [2, 1, 0, 3],
      [
        ["page_view", 0, 1, 2],
        ["page_update", 3],
      ],
    ],
    [[0, 0, 1, 1, 0], [["page_view", 0, 1]]],
    [
      [0, 1, 2, 2, 1, 0],
      [
        ["page_view", 0, 1],
        ["page_update", 2],
      ],
    ],
    [[1, 2], [["late_only", 1, 2]]],
    [[0], [["page_view", 0]]],
  ])("makes of beacons in the order %j the events %j", (order, events) => {
    expect(summary(runToEnd(came(...order)))).toEqual(events);
  });

  it.each<[number, number, ReturnType<typeof summary>]>([
    [
      0,
      1,
      [
        ["page_view", 0],
        ["late_only", 1],
      ],
    ],
    [
      1,
      0,
      [
        ["late_only", 1],
        ["page_view", 0],
      ],
    ],
    [
      1,
      2,
      [
        ["late_only", 1],
        ["page_update", 2],
      ],
    ],
  ])("lets what comes after sealing go alone: %d, then %d", (first, second, events) => {
    const after = runToEnd([
      { sequence: first, atMs: 0 },
      { sequence: second, atMs: 100_000 },
      { sequence: second, atMs: 100_001 },
      { sequence: first, atMs: 100_002 },
    ]);
    expect(summary(after)).toEqual(events);
    expect(after.outcomes).toEqual(["opened", "went_alone", "duplicate", "duplicate"]);
  });

  it("keeps of copies that differ the one that was taken first, whichever is seen first", () => {
    const first = { sequence: 1, atMs: 100, copy: 1 };
    const second = { sequence: 1, atMs: 200, copy: 2 };
    for (const list of [
      [first, second],
      [second, first],
    ]) {
      const { sealed } = runToEnd(list);
      expect(sealed.map((each) => wideEvent(each)["client.sent_at"])).toEqual([1_001]);
    }
  });

  it("counts a view's duplicates in its event", () => {
    const { sealed } = run(came(0, 0, 0, 1));
    expect(sealed.map(({ duplicates }) => duplicates)).toEqual([2]);
  });

  it("gives the same name to beacons of one view and another to the next on the page", () => {
    const early = received(fullEarly);
    expect(viewKey(received(fullLate))).toBe(viewKey(early));
    expect(viewKey(received({ ...fullEarly, "pv.index": 1 }))).not.toBe(viewKey(early));
  });
});

const sequence = fc.nat({ max: 4 });
const copy = fc.nat({ max: 2 });
const withinWindow = fc.nat({ max: sealAfterMs - 1 });
const anyTime = fc.nat({ max: 4 * sealAfterMs });

function shuffled<T>(list: fc.Arbitrary<readonly T[]>): fc.Arbitrary<readonly (readonly T[])[]> {
  return list.chain((each) =>
    fc.tuple(
      fc.constant(each),
      fc.shuffledSubarray([...each], { minLength: each.length, maxLength: each.length }),
    ),
  );
}

function byTime(list: readonly Came[]): readonly Came[] {
  return list.toSorted((left, right) => left.atMs - right.atMs);
}

describe("stitching in any order", () => {
  it("gives one event for an early and a late beacon, however often and in whatever order they come", () => {
    const both = fc
      .record({ early: withinWindow, late: withinWindow, copies: fc.array(fc.nat({ max: 1 })) })
      .map(({ early, late, copies }) =>
        [0, 1, ...copies].map((each) => ({ sequence: each, atMs: each === 0 ? early : late })),
      );
    fc.assert(
      fc.property(shuffled(both), ([one = [], other = []]) => {
        const events = withoutDuplicates(runToEnd(one).sealed);
        expect(events).toHaveLength(1);
        expect(withoutDuplicates(runToEnd(other).sealed)).toEqual(events);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives one event for late beacons, even of copies that differ", () => {
    const late = fc.record({ sequence: fc.integer({ min: 1, max: 4 }), atMs: withinWindow, copy });
    fc.assert(
      fc.property(shuffled(fc.array(late, { minLength: 1 })), ([one = [], other = []]) => {
        const { sealed } = runToEnd(one);
        expect(sealed).toHaveLength(1);
        expect(dueMs(other)).toBe(Math.min(...one.map(({ atMs }) => startMs + atMs)) + sealAfterMs);
        expect(runToEnd(other).sealed).toEqual(sealed);
        expect(runToEnd(other).sealed.map(wideEvent)).toEqual(sealed.map(wideEvent));
      }),
      { numRuns: 1_000 },
    );
  });

  it("puts the early beacon with all late ones that came before it, whatever their order", () => {
    const late = fc.record({ sequence: fc.integer({ min: 1, max: 4 }), atMs: withinWindow, copy });
    fc.assert(
      fc.property(
        shuffled(fc.array(late, { minLength: 1 })),
        withinWindow,
        ([one = [], other = []], atMs) => {
          const early = { sequence: 0, atMs };
          const { sealed } = run([...one, early]);
          expect(sealed).toHaveLength(1);
          expect(run([...other, early]).sealed).toEqual(sealed);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("loses nothing and repeats nothing: each number is in one event, each copy is a duplicate", () => {
    const any = fc.array(fc.record({ sequence, atMs: anyTime, copy }), { minLength: 1 });
    fc.assert(
      fc.property(any, (list) => {
        const { sealed, outcomes } = runToEnd(list);
        const numbers = new Set(list.map((each) => each.sequence));
        expect(new Set(sealed.flatMap(sequencesOf))).toEqual(numbers);
        expect(sealed.flatMap(sequencesOf)).toHaveLength(numbers.size);
        const duplicates = outcomes.filter((outcome) => outcome === "duplicate").length;
        expect(duplicates).toBe(list.length - numbers.size);
        const views = sealed.filter(({ kind }) => kind === "page_view");
        expect(views.map((each) => sequencesOf(each)[0])).toEqual(numbers.has(0) ? [0] : []);
        const ids = sealed.map((each) => wideEvent(each)["event.id"]);
        expect(new Set(ids).size).toBe(sealed.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it("does not depend on when somebody looks whether a view is due", () => {
    const any = fc.array(fc.record({ sequence, atMs: anyTime, copy }), { minLength: 1 });
    fc.assert(
      fc.property(any, fc.array(anyTime), (list, looks) => {
        const ordered = byTime(list);
        let view: View | undefined;
        const sealed: Sealed[] = [];
        for (const [at, each] of ordered.entries()) {
          const step = run([each], view);
          view = step.view;
          sealed.push(...step.sealed);
          const next = ordered[at + 1]?.atMs ?? 1e9;
          for (const look of looks.filter((time) => time >= each.atMs && time <= next)) {
            const due = view === undefined ? undefined : sealIfDue(view, startMs + look);
            if (due === undefined) continue;
            view = due.view;
            sealed.push(due.sealed);
          }
        }
        const last = view === undefined ? undefined : sealIfDue(view, startMs + 1e9);
        if (last !== undefined) sealed.push(last.sealed);
        expect(sealed).toEqual(runToEnd(ordered).sealed);
      }),
      { numRuns: 1_000 },
    );
  });

  it("asks no client's clock: however wrong it is, the same beacons meet", () => {
    const clock = fc.double({ min: 0, max: 4e12, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.record({ sequence, atMs: anyTime }), { minLength: 1 }),
        clock,
        (list, wrong) => {
          let view: View | undefined;
          const outcomes = list.map((each) => {
            const beacon = beaconOf(each);
            const said = { ...beacon.said, "client.clock": wrong, "client.time_origin": wrong };
            const step = stitch(view, { ...beacon, said }, startMs + each.atMs);
            view = step.view;
            return step.outcome;
          });
          expect(outcomes).toEqual(run(list).outcomes);
        },
      ),
    );
  });
});
