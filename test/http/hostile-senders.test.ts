// Ten thousand hostile bodies: none is a 5xx, none makes an arm count, and what is
// kept stays bounded.
import { beforeAll, expect, it } from "vitest";
import type { Beacon } from "#rum/ingest.ts";
import { encodeBeacon } from "#rum/wire.ts";
import { recorder } from "../beacons.ts";
import { createFlag, ramp } from "../control-flags.ts";
import { newIsolate, publish } from "../isolate.ts";
import { fc } from "../property.ts";
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

const hostileValue = fc.oneof(
  fc.constantFrom<unknown>(1e308, -1e308, -0, 2 ** 53, "", null, true, [], {}),
  fc.constantFrom("9".repeat(400), "x".repeat(60_000), "\u0000", "\ud800", "__proto__", "1_c"),
  fc.jsonValue({ maxDepth: 4 }),
  fc.double(),
);
/** A beacon with some of its values replaced. */
const mutated = fc
  .tuple(
    fc.constantFrom(...rows),
    fc.array(fc.tuple(fc.nat(99), hostileValue), { minLength: 1, maxLength: 5 }),
  )
  .map(([row, changes]) => {
    const other: unknown[] = [...row];
    for (const [at, value] of changes) other[at] = value;
    return JSON.stringify(other);
  });
/** A beacon's text with a piece cut out, doubled or replaced. */
const torn = fc
  .tuple(
    fc.constantFrom(...good),
    fc.nat(),
    fc.nat(40),
    fc.string({ unit: "binary", maxLength: 20 }),
  )
  .map(([text, at, length, filling]) => {
    const from = at % text.length;
    return text.slice(0, from) + filling + text.slice(from + length);
  });
const deep = fc
  .tuple(fc.constantFrom("[", '{"a":', "[[1,", '["'), fc.integer({ min: 1, max: 32_000 }))
  .map(([piece, times]) => piece.repeat(Math.min(times, Math.floor(65_000 / piece.length))));
const numbers = fc
  .constantFrom("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1".repeat(60_000), "0x10")
  .map((number) => (good[0] ?? "").replace(/,212\.5,/, `,${number},`));
const forgedToken = fc
  .tuple(
    fc.stringMatching(/^1\.[0-9a-z]{1,6}\.[0-9a-z]{1,5}\.[0-9a-z]{1,2}\.[0-9a-z]{1,3}_[ck]$/),
    fc.stringMatching(/^[0-9A-Za-z_-]{11}$/),
  )
  .map(([claim, signature]) =>
    encodeBeacon({ ...fullEarly, "beacon.token": `${claim}.${signature}` }),
  );
const noise = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.json(),
  fc.constantFrom("", "null", "[]", "[1]", " ".repeat(65_537), "[1,0,{},[]]"),
);
const bytes = fc.uint8Array({ maxLength: 200 });
const body = fc.oneof(mutated, torn, deep, numbers, forgedToken, noise, bytes);

const headers = fc.dictionary(
  fc.constantFrom(
    "user-agent",
    "accept-language",
    "content-type",
    "content-length",
    "content-encoding",
  ),
  fc.oneof(fc.stringMatching(/^[\x21-\x7e]{0,600}$/), fc.constantFrom("-1", "NaN", "gzip", "1e9")),
  { maxKeys: 3 },
);

it("answers every one of 10,000 hostile beacons with 204 or 4xx, and believes no arm", async () => {
  const { windows, received } = recorder();
  const isolate = newIsolate({ BEACONS_PER_SECOND: "1000000" }, { windows });
  const statuses = new Map<number, number>();
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(body, headers, async (wanted, fields) => {
      received.length = 0;
      const init = { method: "POST", body: wanted as BodyInit, headers: fields };
      const response = await isolate.fetch("/t/shop", init, { leave: true });
      sent += 1;
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      expect([204, 400, 413]).toContain(response.status);
      for (const { seen, ...beacon } of received) {
        expect(seen["delivery.arms"]).toBeUndefined();
        expect(seen["delivery.token_ok"]).not.toBe(true);
        expect(boundedBytes(beacon)).toBeLessThan(100_000);
        expect(JSON.stringify(seen).length).toBeLessThan(10_000);
      }
    }),
    { numRuns: 10_000 },
  );
  // All ways out were taken: this is no test of one refusal.
  expect(new Set(statuses.keys())).toEqual(new Set([204, 400, 413]));
  const totals = Object.values(isolate.services.beacons.counts.totals());
  expect(totals.reduce((sum, each) => sum + each)).toBe(sent);
}, 180_000);

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
