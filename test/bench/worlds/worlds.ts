// The worlds that a judge must hold in, each with a name, and what is right in it. Data alone.
import type { Rollout } from "#flags/rollout.ts";
import { harmless, type Harm } from "./pages.ts";
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
  readonly minutes: number;
};

/** What is right, as shares of ramps. */
type Right =
  | { readonly kind: "kept"; readonly mostTakenBack: number }
  | { readonly kind: "told"; readonly leastTold: number; readonly leastTakenBack: number }
  /** Canary views from the harm until half of the ramps are taken back. */
  | { readonly kind: "found"; readonly median: number };

export type World = {
  readonly name: string;
  readonly unit: Rollout["unit"];
  readonly crowd: Crowd;
  readonly accounts: number;
  readonly stages: readonly Stage[];
  /** Share of views whose snippet is the browser's own copy. */
  readonly returns?: number;
  readonly sdks?: number;
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
      harmAfter: 1_000,
      right: told,
    },
  ];
}

function returning(share: number): World {
  const crowd: Crowd = { kind: "returning", share, among: 600 };
  return { ...plain, name: `returning-${100 * share}`, crowd, returns: share / 2 };
}

const late: readonly Stage[] = [
  { sharePpm: 10_000, views: 20_000, minutes: 20 },
  { sharePpm: 500_000, views: 240_000, minutes: 480 },
];

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
  { ...plain, name: "sdk-polls", sdks: 200 },
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
    right: { kind: "found", median: 4_000 },
  },
  {
    ...plain,
    name: "late-p75",
    stages: late,
    harm: { ...harmless, evaluation: 1.5 },
    harmAfter: 50_000,
    viewsAfterHarm: 80,
    right: { kind: "found", median: 600 },
  },
  returning(0.2),
  returning(0.4),
  returning(0.6),
];

/** The world of a name. @throws where there is none. */
export function worldNamed(name: string): World {
  const found = worlds.find((world) => world.name === name);
  if (found === undefined) throw new Error(`there is no world ${name}`);
  return found;
}
