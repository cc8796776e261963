import { describe, expect, it } from "vitest";
import { sign, signingKeyFrom } from "#flags/signature.ts";
import { encodeToken } from "#flags/token.ts";
import { fieldTable, type FieldName, type Said } from "#rum/columns.ts";
import { ingest, maxBeaconBytes, type BeaconReject } from "#rum/ingest.ts";
import { encodeBeacon, layout } from "#rum/wire.ts";
import { fc } from "../property.ts";
import { anySaid, beaconOf, fullEarly, fullLate, taken } from "./beacons.ts";

const id = fullEarly["pv.id"];
const any = fc.oneof(anySaid("early"), anySaid("late"));
const kinds = [
  ["early", fullEarly],
  ["late", fullLate],
] as const;

function rejected(text: string): BeaconReject | undefined {
  const beacon = ingest(text);
  return beacon.ok ? undefined : beacon.error;
}

function reread(name: string, value: unknown): unknown {
  return fieldTable[name as FieldName].kind.read(value);
}

function rowOf(text: string): unknown[] {
  return JSON.parse(text) as unknown[];
}

/** Values that are wrong in most places and have broken programs before. */
const hostile: readonly string[] = [
  "1e999",
  "-1e999",
  "1e308",
  "-1",
  "9007199254740993",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  `"${"a".repeat(5_000)}"`,
  "[]",
  "{}",
  "[null]",
  "[[]]",
  '{"toString":1,"valueOf":1}',
  '{"__proto__":{"admin":true}}',
  '[["__proto__",1]]',
  '[["constructor","prototype"]]',
  '{"length":3}',
  "[".repeat(20_000) + "]".repeat(20_000),
  '{"a":'.repeat(8_000) + "1" + "}".repeat(8_000),
];

describe("ingest", () => {
  it.each<[string, BeaconReject]>([
    ["", { reason: "not_json" }],
    ["[1,0", { reason: "not_json" }],
    ["NaN", { reason: "not_json" }],
    ["[".repeat(60_000), { reason: "not_json" }],
    ["null", { reason: "not_a_beacon" }],
    ["{}", { reason: "not_a_beacon" }],
    ["[]", { reason: "not_a_beacon" }],
    ['"[1]"', { reason: "not_a_beacon" }],
    ['["1",0]', { reason: "not_a_beacon" }],
    ["[1.5,0]", { reason: "not_a_beacon" }],
    ["[1e999,0]", { reason: "not_a_beacon" }],
    [`[2,0,"${id}",0]`, { reason: "unknown_version", got: 2 }],
    [`[0,0,"${id}",0]`, { reason: "unknown_version", got: 0 }],
    ["[1]", { reason: "invalid_head", field: "stitch.late_seq" }],
    [`[1,null,"${id}",0]`, { reason: "invalid_head", field: "stitch.late_seq" }],
    [`[1,-1,"${id}",0]`, { reason: "invalid_head", field: "stitch.late_seq" }],
    [`[1,16,"${id}",0]`, { reason: "invalid_head", field: "stitch.late_seq" }],
    [`[1,"0","${id}",0]`, { reason: "invalid_head", field: "stitch.late_seq" }],
    ["[1,0]", { reason: "invalid_head", field: "pv.id" }],
    [`[1,0,"${id}0",0]`, { reason: "invalid_head", field: "pv.id" }],
    [`[1,0,"${id}"]`, { reason: "invalid_head", field: "pv.index" }],
    [`[1,0,"${id}",0.5]`, { reason: "invalid_head", field: "pv.index" }],
    [`[1,0,"${id}",10001]`, { reason: "invalid_head", field: "pv.index" }],
  ])("refuses %.60j and says why", (text, error) => {
    expect(rejected(text)).toEqual(error);
  });

  it("takes a text up to its most, not a character longer", () => {
    const text = `[1,0,"${id}",0]`;
    expect(rejected(text.padEnd(maxBeaconBytes))).toBeUndefined();
    const chars = maxBeaconBytes + 1;
    expect(rejected(text.padEnd(chars))).toEqual({ reason: "too_large", chars });
  });

  it("takes a beacon that says nothing but which view it belongs to", () => {
    const text = `[1,0,"${id}",3]`;
    expect(taken(text)).toEqual({
      said: { "beacon.schema": 1, "stitch.late_seq": 0, "pv.id": id, "pv.index": 3 },
      chars: text.length,
      unknownCount: 0,
      dropped: [],
    });
  });

  it("leaves alone and counts what stands past the positions it knows", () => {
    fc.assert(
      fc.property(any, fc.array(fc.jsonValue()), (said, extra) => {
        const kind = said["stitch.late_seq"] === 0 ? "early" : "late";
        const row = rowOf(encodeBeacon(said));
        while (row.length < layout[kind].length) row.push(null);
        const beacon = taken(JSON.stringify([...row, ...extra]));
        const unknownCount = extra.filter((value) => value !== null).length;
        expect(beacon).toMatchObject({ said, dropped: [], unknownCount });
      }),
    );
  });

  it("reads a shorter beacon as one that says less", () => {
    for (const [kind, full] of kinds) {
      for (const at of layout[kind].keys()) {
        if (at < 4) continue;
        const cut = JSON.stringify(rowOf(encodeBeacon(full)).slice(0, at));
        const names = layout[kind].slice(0, at).map(({ name }) => name);
        const said = Object.fromEntries(names.map((name) => [name, full[name]]));
        expect(taken(cut)).toMatchObject({ dropped: [] });
        expect(taken(cut).said).toEqual(said);
      }
    }
  });

  it("takes every token that the edge signs", () => {
    const key = signingKeyFrom("0123456789abcdef".repeat(4));
    for (let epoch = 0; epoch < 100; epoch += 1) {
      const arms = [{ code: "a1", arm: "canary" as const }];
      const token = sign(encodeToken({ epoch, hour: 498_000, bucket: 63, arms }), key);
      const beacon = beaconOf({ ...fullEarly, "beacon.token": token });
      expect(beacon.said["beacon.token"]).toBe(token);
    }
  });

  it("drops a value that breaks its bounds, names its field, and keeps all others", () => {
    for (const [kind, full] of kinds) {
      for (const [at, { name, read }] of layout[kind].entries()) {
        if (at < 4) continue;
        for (const value of hostile) {
          const row = rowOf(encodeBeacon(full)).map((each) => JSON.stringify(each));
          row[at] = value;
          const { said, dropped } = taken(`[${row.join(",")}]`);
          const kept = read(JSON.parse(value)) as Said[typeof name];
          const { [name]: _, ...others } = full;
          expect(dropped).toEqual(kept === undefined ? [name] : []);
          expect(said).toEqual(kept === undefined ? others : { ...others, [name]: kept });
        }
      }
    }
  });

  it("is harmed by no value in the head either", () => {
    for (const at of [0, 1, 2, 3]) {
      for (const value of hostile) {
        const row = ["1", "0", `"${id}"`, "0"];
        row[at] = value;
        const reason = at === 0 ? /^not_a_beacon$|^unknown_version$/ : /^invalid_head$/;
        expect(rejected(`[${row.join(",")}]`)?.reason).toMatch(reason);
      }
    }
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it("keeps of any array values within their bounds alone, and loses none in silence", () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.constantFrom(...hostile.slice(0, 17)).map((text) => JSON.parse(text) as unknown),
    );
    const row = fc.tuple(fc.constantFrom(0, 1, 15), fc.array(value, { maxLength: 120 }));
    fc.assert(
      fc.property(row, ([sequence, rest]) => {
        const { said, dropped, unknownCount } = taken(
          JSON.stringify([1, sequence, id, 0, ...rest]),
        );
        for (const [name, kept] of Object.entries(said)) expect(reread(name, kept)).toEqual(kept);
        // JSON has no infinity: it is written as null, as nothing is.
        const written = rowOf(JSON.stringify(rest)).filter((each) => each !== null).length;
        expect(Object.keys(said).length - 4 + dropped.length + unknownCount).toBe(written);
      }),
      { numRuns: 2_000 },
    );
  });

  it("says the same again of what it kept", () => {
    const row = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 100 });
    fc.assert(
      fc.property(row, (rest) => {
        const { said } = taken(JSON.stringify([1, 1, id, 0, ...rest]));
        expect(beaconOf(said)).toMatchObject({ said, dropped: [], unknownCount: 0 });
      }),
      { numRuns: 2_000 },
    );
  });

  it("never throws: texts of any characters, ten thousand times", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.stringMatching(/^\[[[\]{}",:0-9eE+-]*$/),
    );
    fc.assert(
      fc.property(text, (each) => {
        expect(typeof ingest(each).ok).toBe("boolean");
      }),
      { numRuns: 10_000 },
    );
  });

  it("never throws: beacons with a few characters changed, twenty thousand times", () => {
    const edit = fc.record({
      at: fc.nat(),
      cut: fc.nat({ max: 3 }),
      put: fc.constantFrom(
        ...'0123456789-+.eE[]{}",:\\ntfu \u0000\uD800é'.split(""),
        "null",
        "1e999",
      ),
    });
    const edits = fc.array(edit, { minLength: 1, maxLength: 5 });
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(fullEarly, fullLate), edits, (said, changes) => {
        let text = encodeBeacon(said);
        for (const { at, cut, put } of changes) {
          const place = at % text.length;
          text = text.slice(0, place) + put + text.slice(place + cut);
        }
        const beacon = ingest(text);
        if (!beacon.ok) return;
        accepted += 1;
        for (const [name, kept] of Object.entries(beacon.value.said)) {
          expect(reread(name, kept)).toEqual(kept);
        }
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});
