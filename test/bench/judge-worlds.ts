// Ramps in the worlds of `worlds/worlds.ts`, by the hundred: what part of them is taken back,
// and how sure one can be of that. `npm run bench:judge -- --world NAME` comes here.
import { runInWorkers } from "./in-workers.ts";
import { runRamp, type RampOutcome } from "./worlds/run.ts";
import { worldNamed, worlds, type World } from "./worlds/worlds.ts";

export type WorldTask = { readonly world: string; readonly seed: number };
type Answered = { readonly task: WorldTask; readonly outcome: RampOutcome };

/** A part of all ramps, with its 95 % interval. */
type Share = { readonly share: number; readonly lower: number; readonly upper: number };

type WorldResult = {
  readonly name: string;
  readonly runs: number;
  readonly takenBack: Share;
  /** Of ramps in which a person was called within an hour. */
  readonly told: Share;
  /** By what they were taken back, and how often. */
  readonly causes: Readonly<Record<string, number>>;
  /** Canary views until the roll-back, since the harm; null where fewer ramps ended so. */
  readonly medianViews: number | null;
  readonly p90Views: number | null;
  /** The median of those of them whose snippet or datafile was fetched whole. */
  readonly medianWhole: number | null;
  /** Looks from the first canary view, or from the harm, until half of the ramps had called a person. */
  readonly medianLooks: number | null;
  readonly isRight: boolean;
};

const hourMinutes = 60;

/** The names that `--world` takes, and `all`. */
export const worldNames: readonly string[] = worlds.map(({ name }) => name);

type Options = {
  readonly runs: number;
  readonly seed: number;
  readonly workers: number;
  /** Whose workers answer with `runWorld`. */
  readonly file: string;
};

/** One ramp in one world. */
export async function runWorld(task: WorldTask): Promise<Answered> {
  return { task, outcome: await runRamp(worldNamed(task.world), task.seed) };
}

/** Runs ramps in the worlds whose names are given, or in all. */
export async function benchWorlds(
  names: readonly string[],
  { runs, seed, ...where }: Options,
): Promise<readonly WorldResult[]> {
  const wanted = names.includes("all") ? worlds : names.map(worldNamed);
  const tasks = wanted.flatMap(({ name }) =>
    Array.from({ length: runs }, (_, at): WorldTask => ({ world: name, seed: seed + at })),
  );
  const answered = await runInWorkers<Answered>(tasks, where);
  return wanted.map((world) => {
    const own = answered.filter(({ task }) => task.world === world.name);
    return resultOf(
      world,
      own.map(({ outcome }) => outcome),
    );
  });
}

function resultOf(world: World, outcomes: readonly RampOutcome[]): WorldResult {
  const causes: Record<string, number> = {};
  for (const { rolledBackBy } of outcomes) {
    if (rolledBackBy !== undefined) causes[rolledBackBy] = (causes[rolledBackBy] ?? 0) + 1;
  }
  const ordered = (of: "canaryViews" | "wholeFetches") =>
    outcomes
      .map((each) => (each.rolledBackBy === undefined ? Infinity : each[of]))
      .toSorted((left, right) => left - right);
  const views = ordered("canaryViews");
  const at = (p: number, list: readonly number[] = views) =>
    list[Math.floor(p * list.length)] ?? Infinity;
  const takenBack = shareOf(outcomes, ({ rolledBackBy }) => rolledBackBy !== undefined);
  const told = shareOf(outcomes, isTold);
  return {
    name: world.name,
    runs: outcomes.length,
    takenBack,
    told,
    causes,
    medianViews: finite(at(0.5)),
    p90Views: finite(at(0.9)),
    medianWhole: finite(at(0.5, ordered("wholeFetches"))),
    medianLooks: finite(at(0.5, looksOf(outcomes))),
    isRight: isRight(world.right, {
      takenBack: takenBack.share,
      told: told.share,
      median: at(0.5),
      medianWhole: at(0.5, ordered("wholeFetches")),
    }),
  };
}

function looksOf(outcomes: readonly RampOutcome[]): readonly number[] {
  return outcomes
    .map(({ toldAfterMinutes = Infinity }) => toldAfterMinutes)
    .toSorted((left, right) => left - right);
}

function isRight(
  right: World["right"],
  seen: { takenBack: number; told: number; median: number; medianWhole: number },
): boolean {
  switch (right.kind) {
    case "kept":
      return seen.takenBack <= right.mostTakenBack;
    case "told":
      return seen.told >= right.leastTold && seen.takenBack >= right.leastTakenBack;
    case "found":
      return (right.isOfWhole === true ? seen.medianWhole : seen.median) <= right.median;
  }
}

function isTold({ toldAfterMinutes = Infinity }: RampOutcome): boolean {
  return toldAfterMinutes <= hourMinutes;
}

function finite(views: number): number | null {
  return Number.isFinite(views) ? views : null;
}

/** Wilson's score interval: it holds where none or all of few ramps are so. */
function shareOf(outcomes: readonly RampOutcome[], isSo: (outcome: RampOutcome) => boolean): Share {
  const z = 1.96;
  const n = Math.max(1, outcomes.length);
  const share = outcomes.filter(isSo).length / n;
  const middle = share + (z * z) / (2 * n);
  const radius = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return {
    share,
    lower: Math.max(0, (middle - radius) / scale),
    upper: Math.min(1, (middle + radius) / scale),
  };
}

/** The results as a table. */
export function worldsText(results: readonly WorldResult[]): string {
  const head =
    "world                    runs  taken back            told in an hour       views p50      p90    whole";
  const rows = results.map((each) => {
    const { name, runs, takenBack, told, medianViews, p90Views, medianWhole, causes } = each;
    const cells = [name.padEnd(24), String(runs).padStart(5), " ", percents(takenBack).padEnd(21)];
    const views = [medianViews, p90Views, medianWhole]
      .map((view) => String(view ?? "–").padStart(8))
      .join(" ");
    const why = Object.entries(causes)
      .map(([cause, times]) => `${cause} ${times}`)
      .join(", ");
    return `${cells.join(" ")} ${percents(told).padEnd(21)} ${views}  ${each.isRight ? "" : "WRONG "}${why}`;
  });
  return [head, ...rows].join("\n");
}

function percents({ share, lower, upper }: Share): string {
  const [middle, least, most] = [share, lower, upper].map((part) => (100 * part).toFixed(1));
  return `${middle} % (${least}–${most})`;
}
