// A canary that is broken outright: most pages of its units fail, or none of them speaks any
// more though the edge goes on answering their requests. Units are counted, not page views, so
// that a few whole accounts are enough to see it, and the habits of one are not.
import { lnEMarked } from "#src/stats/hypergeometric.ts";
import { logSumExp } from "#src/stats/special.ts";
import { fewestBuckets } from "./guardrails.ts";
import { isOfFailures } from "./observe.ts";
import type { Cluster, Window } from "./recent.ts";
import type { Arms } from "./arms.ts";
import type { VerdictInput } from "./verdict-input.ts";

/** `failing` pages report that they failed; `silent` ones report nothing. */
type Sign = "failing" | "silent";

/** What is known of one sign in one window. */
type Outright = {
  readonly sign: Sign;
  /** Of how many units of each arm it is known, and how many of them show the sign. */
  readonly units: Arms<number>;
  readonly marked: Arms<number>;
  /** Whether the canary as a whole shows it, and the others do not. */
  readonly isTotal: boolean;
  /** ln E against "which units show it has nothing to do with their arm". */
  readonly lnE: number;
};

/** Pages, or arrivals that were to be expected, before a unit says anything. */
const leastPages = 5;
/** The same of an arm as a whole. */
const leastOfArm = 20;
/** A unit fails where most of its pages do, and is silent where so few of those expected come. */
const mostFailing = 1 / 2;
const leastArriving = 1 / 4;

/** Its part of alpha, beside that of the guardrails: what is broken outright is never a close call. */
const outrightPart = 1 / 2;
/** Of that, the part of the first stage; of what is left, that of the next one; and so on. */
const stagePart = 0.7;
/** What breaks, breaks when a share grows: most of a stage's part is for its first hours. */
const first = { hours: 2, part: 0.9 };
const hourMs = 3_600_000;
/** One account may be broken by itself, however surely it is; visitors come by the bucket. */
const fewestBroken = { accounts: 2, visitors: fewestBuckets };

export type BrokenReason =
  /** Most of the canary's units fail outright, or fell silent at once, and the control's do not. */
  | {
      readonly reason: "broken";
      readonly sign: Sign;
      readonly marked: Arms<number>;
      readonly units: Arms<number>;
      readonly lnE: number;
      readonly lnThreshold: number;
    }
  /** It looks so, and there are too few units to rule out that they are so by themselves. */
  | {
      readonly reason: "seems_broken";
      readonly sign: Sign;
      readonly marked: Arms<number>;
      readonly units: Arms<number>;
    };

type Marks = { readonly units: number; readonly marked: number };

/** What is shown of a canary that is broken outright, and what only looks so. */
export function brokenReasons(input: VerdictInput): {
  readonly shown: readonly BrokenReason[];
  readonly suspected: readonly BrokenReason[];
} {
  const { recent = [], policy } = input;
  // What somebody only wants to watch takes nothing back.
  const isJudged = policy.guardrails.some(isOfFailures);
  const signs = recent.flatMap((window) =>
    isJudged ? [failingIn(window), silentIn(window)] : [silentIn(window)],
  );
  return { shown: broken(signs, input), suspected: seemsBroken(signs, input) };
}

/** The sign that is shown best, once all together are beyond chance: the mean of e-values is one. */
function broken(signs: readonly Outright[], input: VerdictInput): readonly BrokenReason[] {
  const { policy, rollout } = input;
  const lnE = logSumExp(signs.map((each) => each.lnE)) - Math.log(signs.length);
  const lnThreshold = -Math.log(policy.alpha * outrightPart * partOfHour(input));
  const [best] = signs.toSorted((left, right) => right.lnE - left.lnE);
  if (best === undefined || lnE < lnThreshold) return [];
  const { sign, marked, units } = best;
  const fewest = isOfVisitors(rollout.unit) ? fewestBroken.visitors : fewestBroken.accounts;
  const isTheOthers = marked.canary * units.control < marked.control * units.canary;
  // Where some units always break by themselves, some day many of one arm do; never most of them.
  const isMost = 2 * marked.canary > units.canary;
  if (marked.canary < fewest || isTheOthers || !isMost) return [];
  return [{ reason: "broken", sign, marked, units, lnE, lnThreshold }];
}

/**
 * The part of the error budget that is spent in this hour of this stage. Windows are an hour
 * long, so that each hour is another look: parts of all hours add up to one, and of all stages.
 */
function partOfHour({ strata, rollout: { shareSetAtMs }, nowMs }: VerdictInput): number {
  const ofStage = stagePart * (1 - stagePart) ** Math.max(0, strata.length - 1);
  const hour = Math.max(1, Math.ceil((nowMs - shareSetAtMs) / hourMs));
  const later = hour - first.hours;
  const ofHour = later <= 0 ? first.part / first.hours : (1 - first.part) / (later * (later + 1));
  return ofStage * ofHour;
}

// A frequent visitor with a blocker, or the one who is there at night, is no reason to wake anybody.
function seemsBroken(
  signs: readonly Outright[],
  { rollout: { unit } }: VerdictInput,
): readonly BrokenReason[] {
  const fewest = isOfVisitors(unit) ? fewestBroken.visitors : 0;
  const total = signs.find(({ isTotal, marked }) => isTotal && marked.canary >= fewest);
  if (total === undefined) return [];
  const { sign, marked, units } = total;
  return [{ reason: "seems_broken", sign, marked, units }];
}

function isOfVisitors(unit: VerdictInput["rollout"]["unit"]): boolean {
  return unit === "visitor" || unit === "request";
}

function failingIn({ canary, control, rest }: Window): Outright {
  const others = [...control, ...rest];
  const share = (clusters: readonly Cluster[]) => part(sum(clusters, 2), sum(clusters, 1));
  const isTotal =
    sum(canary, 1) >= leastOfArm && share(canary) > mostFailing && share(others) < mostFailing / 2;
  const by = { isKnown: isSeen, isMarked: isFailing };
  return found("failing", isTotal, { canary, control: others, ...by });
}

function isSeen([, units]: Cluster): boolean {
  return units >= leastPages;
}

function isFailing([, units, failures]: Cluster): boolean {
  return failures > mostFailing * units;
}

function silentIn({ canary, control }: Window): Outright {
  const rateOf = (clusters: readonly Cluster[]) => part(sum(clusters, 1), sum(clusters, 0));
  // The arm that speaks says how many are to be expected, whichever it is.
  const rate = Math.max(rateOf(canary), rateOf(control));
  const isKnown = ([requests]: Cluster) => rate * requests >= leastPages;
  const isMarked = ([requests, units]: Cluster) => units < leastArriving * rate * requests;
  const isTotal =
    rate * sum(canary, 0) >= leastOfArm && sum(canary, 1) < leastArriving * rate * sum(canary, 0);
  return found("silent", isTotal, { canary, control, isKnown, isMarked });
}

type Marking = {
  readonly canary: readonly Cluster[];
  readonly control: readonly Cluster[];
  readonly isKnown: (cluster: Cluster) => boolean;
  readonly isMarked: (cluster: Cluster) => boolean;
};

function found(sign: Sign, isTotal: boolean, { canary, control, ...by }: Marking): Outright {
  const [own, others] = [canary, control].map((clusters): Marks => {
    const known = clusters.filter(by.isKnown);
    return { units: known.length, marked: known.filter(by.isMarked).length };
  }) as [Marks, Marks];
  const lnE = lnEMarked({
    canary: own.units,
    control: others.units,
    markedCanary: own.marked,
    markedControl: others.marked,
  });
  const units = { control: others.units, canary: own.units };
  const marked = { control: others.marked, canary: own.marked };
  return { sign, units, marked, isTotal, lnE };
}

function sum(clusters: readonly Cluster[], field: 0 | 1 | 2): number {
  return clusters.reduce((total, cluster) => total + cluster[field], 0);
}

function part(some: number, all: number): number {
  return all > 0 ? some / all : 0;
}
