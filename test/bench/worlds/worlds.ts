// The worlds that a judge must hold in, each with a name, and what is right in it. Data alone.
import type { Rollout } from "#flags/rollout.ts";
import { stagesFor } from "#src/canary/stages.ts";
import { harmless, type Harm } from "./pages.ts";
import type { Sdks } from "./polls.ts";
import type { Crowd } from "./population.ts";

/** A client that is one visitor, and a share of all requests. */
export type Client = {
  readonly name: string;
  readonly share: number;
  /** It runs no script: no beacon ever comes. */
  readonly isMute?: boolean;
  /** Every page that it sees fails, and it is of the canary. */
  readonly isBad?: boolean;
};

type Stage = {
  readonly sharePpm: number;
  /** Page views of everybody. */
  readonly views: number;
  /** Looks of the judge: one a minute, unless the world says otherwise. */
  readonly minutes: number;
};

/** What is right, as shares of ramps. */
type Right =
  | { readonly kind: "kept"; readonly mostTakenBack: number }
  | { readonly kind: "told"; readonly leastTold: number; readonly leastTakenBack: number }
  /** Canary views from the harm until half of the ramps are taken back; only those that fetched whole, if it says so. */
  | { readonly kind: "found"; readonly median: number; readonly isOfWhole?: boolean };

export type World = {
  readonly name: string;
  readonly unit: Rollout["unit"];
  readonly crowd: Crowd;
  readonly accounts: number;
  readonly stages: readonly Stage[];
  /** Time from look to look in ms, where it is no minute. */
  readonly stepMs?: number;
  /** Share of views whose snippet is the browser's own copy. */
  readonly returns?: number;
  /** What the flag sets; another engine unless it says so. */
  readonly patch?: Rollout["patch"];
  readonly sdks?: Sdks;
  readonly clients?: readonly Client[];
  readonly harm?: Harm;
  /** Views of the canary before the harm begins. */
  readonly harmAfter?: number;
  /** Page views a minute from then on, so that looks are as close as they are in production. */
  readonly viewsAfterHarm?: number;
  readonly right: Right;
};

const fourStages: readonly Stage[] = [
  { sharePpm: 10_000, views: 20_000, minutes: 40 },
  { sharePpm: 50_000, views: 12_000, minutes: 25 },
  { sharePpm: 250_000, views: 8_000, minutes: 25 },
  { sharePpm: 500_000, views: 12_000, minutes: 30 },
];

const strangers: Crowd = { kind: "strangers" };
const kept: Right = { kind: "kept", mostTakenBack: 0.015 };

const plain: Omit<World, "name"> = {
  unit: "visitor",
  crowd: strangers,
  accounts: 20,
  stages: fourStages,
  right: kept,
};

const hours = (count: number, sharePpm = 500_000): readonly Stage[] => [
  { sharePpm, views: 3_600 * count, minutes: 60 * count },
];

function ofAccounts(accounts: number): readonly World[] {
  const few = { ...plain, unit: "account" as const, accounts };
  const told: Right = {
    kind: "told",
    leastTold: 0.99,
    leastTakenBack: accounts >= 16 ? 0.95 : 0,
  };
  return [
    { ...few, name: `accounts-${accounts}` },
    {
      ...few,
      name: `accounts-${accounts}-throwing`,
      stages: hours(2),
      harm: { ...harmless, errors: 1_000_000 },
      right: told,
    },
    {
      ...few,
      name: `accounts-${accounts}-silent`,
      stages: hours(3),
      harm: { ...harmless, lost: 1 },
      // Few enough that the smallest of canaries gets there, and has hours left.
      harmAfter: 300,
      right: told,
    },
  ];
}

/** A fifth more than where everybody is new. */
const asIfNew = (median: number): Right => ({ ...soon(1.2 * median), isOfWhole: true });

/** Returning visitors, whose browsers revalidate what they have. Harm is at one half. */
function returning(share: number): readonly World[] {
  const crowd: Crowd = { kind: "habitual", share };
  const name = `returning-${100 * share}`;
  const stages = [{ sharePpm: 500_000, views: 12_000, minutes: 120 }];
  const harmed = { ...plain, crowd, stages };
  const slower = { ...harmless, download: 1.2, evaluation: 1.2 };
  const larger = { ...harmless, bytes: 1.1 };
  return [
    { ...plain, name, crowd },
    { ...harmed, name: `${name}-slower`, harm: slower, right: asIfNew(990) },
    { ...harmed, name: `${name}-larger`, harm: larger, right: asIfNew(740) },
  ];
}

/** SDKs whose datafile has a candidate, at one half and at a hundredth. */
function datafiles(returns: number): readonly World[] {
  const polled = (count: number) => ({ count, returning: returns, candidateBytes: 1 });
  const patch = { datafile: "candidate" } as const;
  const name = `${100 * returns}`;
  const few = { ...plain, patch, stages: [{ sharePpm: 500_000, views: 0, minutes: 30 }] };
  const many = { ...plain, patch, stages: [{ sharePpm: 10_000, views: 0, minutes: 60 }] };
  return [
    { ...few, name: `datafile-half-${name}`, sdks: polled(5_000) },
    { ...many, name: `datafile-hundredth-${name}`, sdks: polled(50_000) },
  ];
}

function soon(median: number): Extract<Right, { kind: "found" }> {
  return { kind: "found", median };
}

const late: readonly Stage[] = [
  { sharePpm: 10_000, views: 20_000, minutes: 20 },
  { sharePpm: 500_000, views: 240_000, minutes: 480 },
];

/** A site of some two hundred views a day, looked at every hour, two weeks in each stage. */
function smallSite(name: string, shares: readonly number[]): readonly World[] {
  const stages = shares.map((sharePpm) => ({ sharePpm, views: 14 * 200, minutes: 14 * 24 }));
  const small = { ...plain, stages, stepMs: 3_600_000 };
  const harm = { ...harmless, evaluation: 2 };
  return [
    { ...small, name },
    { ...small, name: `${name}-slower`, harm, right: soon(400) },
  ];
}

const proposed = stagesFor((sharePpm) => (200 * sharePpm) / 1_000_000);

export const worlds: readonly World[] = [
  { ...plain, name: "plain" },
  { ...plain, name: "zipf-1.0", crowd: { kind: "zipf", visitors: 2_000, exponent: 1 } },
  { ...plain, name: "zipf-1.2", crowd: { kind: "zipf", visitors: 1_000, exponent: 1.2 } },
  {
    ...plain,
    name: "one-bad-visitor",
    stages: [{ sharePpm: 10_000, views: 2_050, minutes: 12 }],
    clients: [{ name: "bad", share: 50 / 2_050, isBad: true }],
  },
  ...[12, 16, 24, 40, 60, 150].flatMap(ofAccounts),
  { ...plain, name: "sdk-polls", sdks: { count: 400, returning: 1, candidateBytes: 1 } },
  {
    ...plain,
    name: "no-javascript",
    clients: [{ name: "probe", share: 0.1, isMute: true }],
  },
  {
    ...plain,
    name: "late-errors",
    stages: late,
    harm: { ...harmless, errors: 3 },
    harmAfter: 50_000,
    viewsAfterHarm: 80,
    right: soon(3_000),
  },
  {
    ...plain,
    name: "late-p75",
    stages: late,
    harm: { ...harmless, evaluation: 1.5 },
    harmAfter: 50_000,
    viewsAfterHarm: 80,
    right: soon(500),
  },
  ...smallSite(
    "small-site",
    proposed.map(({ sharePpm }) => sharePpm),
  ),
  ...smallSite("small-site-in-small-steps", [10_000, 50_000, 250_000, 500_000]),
  ...[0, 0.2, 0.4, 0.6].flatMap(returning),
  ...[0, 0.2, 0.4, 0.6, 1].flatMap(datafiles),
];

/** The world of a name. @throws where there is none. */
export function worldNamed(name: string): World {
  const found = worlds.find((world) => world.name === name);
  if (found === undefined) throw new Error(`there is no world ${name}`);
  return found;
}
