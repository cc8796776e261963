// Datafiles of the shapes that vendors' SDKs poll, made from a seed, and what JSON can be
// beside that; some are files that others publish.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { randomFrom, type Random } from "./random.ts";
import { readNpmFile, type NpmFile } from "./npm-files.ts";

export type Datafile = { readonly name: string; readonly read: () => Promise<string> };

const known: readonly NpmFile[] = [
  {
    name: "mime-db",
    version: "1.53.0",
    file: "db.json",
    integrity:
      "sha512-oHlN/w+3MQ3rba9rqFr6V/ypF10LSkdwUysQL7GkXoTgIWeV+tcXGA852TBxH+gsh8UWoyhR1hKcoMJTuWflpg==",
  },
  {
    name: "unicode-emoji-json",
    version: "0.8.0",
    file: "data-by-emoji.json",
    integrity:
      "sha512-3wDXXvp6YGoKGhS2O2H7+V+bYduOBydN1lnI0uVfr1cIdY02uFFiEH1i3kE5CCE4l6UqbLKVmEFW9USxTAMD1g==",
  },
  {
    name: "world-atlas",
    version: "2.0.2",
    file: "countries-50m.json",
    integrity:
      "sha512-IXfV0qwlKXpckz1FhwXVwKRjiIhOnWttOskm5CtxMsjgE/MXAYRHWJqgXOpM8IkcPBoXnyTU5lFHcYa5ChG0LQ==",
  },
];

const made = (name: string, make: (random: Random) => string): Datafile => ({
  name,
  read: async () => make(randomFrom(name)),
});

const json = (value: unknown): string => JSON.stringify(value);
const times = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));

/** 25 of them, from one byte to 2 MB. */
export const datafiles: readonly Datafile[] = [
  made("zero", () => "0"),
  made("empty object", () => "{}"),
  made("empty array with room", () => " [\r\n\t] \n"),
  made("one bird", () => '"🐦"'),
  { name: "optimizely, one flag", read: () => readFile(demoDatafile, "utf8") },
  made("optimizely, 20 flags", (random) => json(optimizely(random, 20))),
  made("optimizely, 1,200 flags", (random) => json(optimizely(random, 1_200))),
  made("launchdarkly, 50 flags", (random) => json(launchDarkly(random, 50))),
  made("launchdarkly, 1,800 flags", (random) => json(launchDarkly(random, 1_800))),
  made("growthbook, 400 features", (random) => json(growthBook(random, 400))),
  made("unleash, indented", (random) => JSON.stringify(unleash(random, 300), null, 2)),
  made("flagd, 500 flags", (random) => json(flagd(random, 500))),
  made("5,000 arrays deep", () => "[".repeat(5_000) + "]".repeat(5_000)),
  made("2,000 objects deep", () => '{"next":'.repeat(2_000) + "null" + "}".repeat(2_000)),
  made("scripts of the world", (random) => json(times(2_000, () => words(random, 12)))),
  made("escapes, lone surrogates too", () => json(times(3_000, (at) => escapes(at)))),
  made("names that bite", () => bitingNames),
  made("base64 of 40 kB", (random) => json({ model: base64(random, 40_000) })),
  made("base64 of 390 kB", (random) => json({ model: base64(random, 390_000) })),
  made("base64 of 2 MB", (random) => json({ model: base64(random, 2_096_000) })),
  made("20,000 names", (random) => json(Object.fromEntries(times(20_000, () => pair(random))))),
  made("2 MB of one word", () => json(times(190_000, () => "flamingo"))),
  ...known.map((file) => ({
    name: `${file.name}: ${file.file}`,
    read: async () => new TextDecoder().decode(await readNpmFile(file)),
  })),
];

/** What costs nothing to fetch and little to compress, for every run of the tests. */
export const trimmedDatafiles: readonly Datafile[] = datafiles
  .slice(0, -known.length)
  .filter(({ name }) => !/ 1,[28]00 flags/.test(name));

const demoDatafile = join(import.meta.dirname, "..", "demo", "datafile.json");

function optimizely(random: Random, count: number): unknown {
  const flags = times(count, (at) => ({
    id: random.digits(11),
    key: `flag_${at}_${random.word()}`,
    rolloutId: `rollout-${random.digits(6)}`,
    experimentIds: [random.digits(11)],
    variables: times(random.upTo(6), (each) => ({
      id: random.digits(11),
      key: `${random.word()}_${each}`,
      type: "string",
      defaultValue: words(random, 6),
    })),
  }));
  const experiments = flags.map(({ experimentIds: [id], key }) => ({
    id,
    key: `exp_${key}`,
    status: "Running",
    layerId: random.digits(11),
    audienceConditions: ["or", ["and", random.digits(11), ["not", random.digits(11)]]],
    variations: ["off", "a", "b"].map((name) => ({ id: random.digits(11), key: name })),
    trafficAllocation: [{ entityId: random.digits(11), endOfRange: random.upTo(10_000) }],
    forcedVariations: {},
  }));
  return { version: "4", accountId: random.digits(11), featureFlags: flags, experiments };
}

function launchDarkly(random: Random, count: number): unknown {
  const flags = times(count, (at) => {
    const key = `${random.word()}-${random.word()}-${at}`;
    const rule = {
      id: random.hex(32),
      clauses: [{ attribute: "email", op: "endsWith", values: [`@${random.word()}.example`] }],
      rollout: { variations: [60_000, 40_000].map((weight, variation) => ({ variation, weight })) },
    };
    const own = { key, version: random.upTo(900), on: random.upTo(2) === 0, salt: random.hex(32) };
    return [key, { ...own, rules: times(random.upTo(4), () => rule), variations: [true, false] }];
  });
  return { segments: {}, flags: Object.fromEntries(flags) as unknown };
}

function growthBook(random: Random, count: number): unknown {
  const features = times(count, (at) => [
    `${random.word()}-${at}`,
    {
      defaultValue: random.upTo(2) === 0,
      rules: [
        {
          condition: { $and: [{ country: { $in: ["DE", "FR"] } }, { age: { $gt: 18 } }] },
          force: { colour: random.hex(6), text: words(random, 4) },
          coverage: random.upTo(100) / 100,
          hashAttribute: "id",
        },
      ],
    },
  ]);
  return { status: 200, features: Object.fromEntries(features) as unknown };
}

function unleash(random: Random, count: number): unknown {
  const features = times(count, (at) => ({
    name: `${random.word()}.${at}`,
    enabled: true,
    strategies: [{ name: "flexibleRollout", parameters: { rollout: String(random.upTo(100)) } }],
    variants: [{ name: "v", weight: 1_000, payload: { type: "json", value: json({ at }) } }],
  }));
  return { version: 2, features };
}

function flagd(random: Random, count: number): unknown {
  const flags = times(count, (at) => [
    `${random.word()}_${at}`,
    {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      targeting: { if: [{ ends_with: [{ var: "email" }, random.word()] }, "on", "off"] },
    },
  ]);
  return { flags: Object.fromEntries(flags) as unknown };
}

const alphabets = [
  "abcdefghij",
  "абвгдежзик",
  "αβγδεζηθικ",
  "あいうえおかきくけこ",
  "客鳥羽巣卵空風木森林",
  "🐦🦜🦩🦚🦉🦅🐤🐧🦢🕊",
  "ابتثجحخدذر",
];

function words(random: Random, count: number): string {
  return times(count, () => {
    const letters = Array.from(alphabets[random.upTo(alphabets.length)] ?? "a");
    return times(2 + random.upTo(8), () => letters[random.upTo(letters.length)]).join("");
  }).join(" ");
}

const pair = (random: Random): readonly [string, string] => [random.hex(12), random.word()];

function base64(random: Random, length: number): string {
  const bytes = Buffer.alloc(Math.floor((length * 3) / 4));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.upTo(256);
  return bytes.toString("base64");
}

function escapes(at: number): string {
  return `\u2028\u2029</script><!--\\"'\u0000${String.fromCharCode(0xd800 + (at % 2_048))}\u007f`;
}

// A text, because no object has all of these.
const bitingNames =
  '{"__proto__":{"a":1},"constructor":{"prototype":null},"toString":1,"":{"":0},"a":1,"a":2,' +
  '"1":1,"-0":-0,"big":123456789012345678901234567890,"small":5e-324,"huge":1E400}';
