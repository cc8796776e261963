// Ten thousand hostile bodies: none is a 5xx, none makes an arm count, and what is
// kept stays bounded.
import { beforeAll, expect, it } from "vitest";
import type { Beacon } from "#rum/ingest.ts";
import { encodeBeacon } from "#rum/wire.ts";
import { recorder } from "../beacons.ts";
import { createFlag, ramp } from "../control-flags.ts";
import { newIsolate, publish } from "../isolate.ts";
import { seeded } from "../stats/seeded.ts";
import { fullEarly, fullLate } from "../rum/beacons.ts";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engine = 1;");
  await publish("/snippets/shop?account=acme", "{}");
  const stages = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
  const plan = { stages, unit: "snippet", seed: "not-held-out", patch: { browserMaxAgeS: 30 } };
  await createFlag("trial", plan);
  await ramp("trial", 1_000_000);
});

const good = [fullEarly, fullLate].map(encodeBeacon);
const rows = good.map((text) => JSON.parse(text) as unknown[]);

const random = seeded(20_261_125);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const upTo = (most: number): number => Math.floor(random() * most);
const hostile: readonly unknown[] = [
  1e308,
  -0,
  2 ** 53,
  5e-324,
  -1,
  "",
  null,
  true,
  [],
  {},
  [[]],
  "9".repeat(400),
  "x".repeat(9_000),
  "\u0000",
  "\ud800",
  "__proto__",
  [null, {}, "a"],
  [["www.google-analytics.com", 1e99, -1, "x"]],
  { toString: 1, length: 5, constructor: null },
];
const longest = ["x".repeat(60_000), " ".repeat(65_537), "1".repeat(60_000)];

/** A beacon with some of its values replaced. */
function mutated(): string {
  const row: unknown[] = [...pick(rows)];
  for (let changes = 1 + upTo(5); changes > 0; changes -= 1) row[upTo(99)] = pick(hostile);
  return JSON.stringify(row);
}

/** A beacon's text with a piece cut out, doubled or replaced. */
function torn(): string {
  const text = pick(good);
  const at = upTo(text.length);
  const piece = pick(["", "[", '"', "\\", "\ud800", "null,", "e999", "}", text.slice(at, at + 9)]);
  return text.slice(0, at) + piece + text.slice(at + upTo(40));
}

function deep(): string {
  const piece = pick(["[", '{"a":', "[[1,", '["']);
  return piece.repeat(upTo(Math.floor(pick([500, 500, 500, 65_000]) / piece.length)));
}

function oddNumber(): string {
  const number = pick(["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x10", "1".repeat(400)]);
  return (good[0] ?? "").replace(",212.5,", `,${number},`);
}

const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_".split("");
const word = (length: number): string => Array.from({ length }, () => pick(letters)).join("");

function forgedToken(): string {
  const numbers = [1 + upTo(40), 400_000 + upTo(200_000), upTo(64)].map((each) =>
    each.toString(36),
  );
  const claim = `1.${numbers.join(".")}.${pick(["1", "2", "a"])}_${pick(["c", "k"])}`;
  return encodeBeacon({ ...fullEarly, "beacon.token": `${claim}.${word(11)}` });
}

function noise(): BodyInit {
  const bytes = Uint8Array.from({ length: upTo(200) }, () => upTo(256));
  return pick<BodyInit>([bytes, bytes, word(upTo(300)), "", "null", "[]", "[1]", "[1,0,{},[]]"]);
}

const oversized = (): string => pick(longest);
const makers = [mutated, mutated, mutated, torn, torn, deep, oddNumber, forgedToken, noise];

function anyBody(): BodyInit {
  return random() < 0.01 ? oversized() : pick<() => BodyInit>(makers)();
}

const names = ["user-agent", "accept-language", "content-type", "content-length", "origin"];
const values = [
  "",
  "-1",
  "NaN",
  "gzip",
  "1e9",
  "x".repeat(600),
  "Mozilla/5.0 (",
  "*;q=0",
  "()[]{}",
];

it("answers every one of 10,000 hostile beacons with 204 or 4xx, and believes no arm", async () => {
  const { windows, received } = recorder();
  const boundless = { limit: async () => ({ success: true }) };
  const env = { BEACONS_PER_SECOND: "1000000", BEACONS: boundless };
  const isolate = newIsolate(env, { windows });
  const statuses = new Map<number, number>();
  const amiss: Beacon[] = [];
  for (let sent = 0; sent < 10_000; sent += 1) {
    received.length = 0;
    const init = { method: "POST", body: anyBody(), headers: { [pick(names)]: pick(values) } };
    const { status } = await isolate.fetch("/t/shop", init, { leave: true });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    for (const beacon of received) {
      const { seen } = beacon;
      // The edge says that it cannot tell, where a page told nothing of a flag that just moved.
      const arms = Object.values(seen["delivery.arms"] ?? {});
      const isBelieved =
        arms.some((arm) => arm !== "unknown") || seen["delivery.token_ok"] === true;
      if (isBelieved || boundedBytes(beacon) > 100_000) amiss.push(beacon);
    }
  }
  expect(amiss).toEqual([]);
  // All ways out were taken, and no other.
  expect(new Set(statuses.keys())).toEqual(new Set([204, 400, 413]));
  const totals = Object.values(isolate.services.beacons.counts.totals());
  expect(totals.reduce((sum, each) => sum + each)).toBe(10_000);
}, 120_000);

function boundedBytes(beacon: Beacon): number {
  return JSON.stringify(beacon).length;
}

it("takes a replayed beacon once, however often it comes", async () => {
  const isolate = newIsolate();
  const init = { method: "POST", body: good[0] ?? "" };
  const answers = await Promise.all(
    Array.from({ length: 100 }, async () => isolate.fetch("/t/shop", init)),
  );
  expect(answers.every(({ status }) => status === 204)).toBe(true);
  expect(isolate.services.beacons.counts.totals()).toMatchObject({ taken: 1, duplicate: 99 });
});
