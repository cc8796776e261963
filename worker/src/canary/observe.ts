// From a wide event to the numbers that a guardrail counts. Compiled once per policy, so
// that an event costs a few property reads for each measure.
import { binOf } from "#src/stats/histogram.ts";
import type { Condition, Guardrail, Policy } from "./guardrails.ts";

/** The row of an event, by column. */
export type Columns = Readonly<Record<string, unknown>>;

/** One thing to tally. Guardrails that differ in the quantile, margin or weight alone share one. */
export type Measure = {
  /** The same text for the same measure, whatever else the policy says. */
  readonly key: string;
  readonly source: Guardrail["source"];
  /** Whether everyone who is not in the canary counts as its control. */
  readonly againstEveryone: boolean;
  /** Whether values are bins of a histogram, to be counted one by one. */
  readonly binned: boolean;
  /** Whether it says itself which deliveries it is of; else they are those that the flag is seen in. */
  readonly isOfAnyRoute: boolean;
  /** Whether a 1 is a page that failed. */
  readonly isFailure: boolean;
  /** The value to tally; NaN where the event does not speak of it. */
  readonly read: (columns: Columns) => number;
};

/** The key of a guardrail's measure. */
export function measureKey({ source, against, measure, where }: Guardrail): string {
  const conditions = where.map(conditionKey).join("&");
  const tail = `${source}|${against}|${conditions}`;
  switch (measure.kind) {
    case "quantile":
      return `quantile|${measure.column}|${tail}`;
    case "mean":
      return `mean|${measure.column}|${measure.cap ?? ""}|${measure.absent ?? "skip"}|${tail}`;
    case "rate":
    case "share":
      return `of|${conditionKey(measure.of)}|${measure.absent ?? "skip"}|${tail}`;
    case "arrivals":
      return `arrivals|${tail}`;
  }
}

function conditionKey(condition: Condition): string {
  return JSON.stringify(condition);
}

/** The columns that a policy reads: all that its evidence needs of an event. */
export function columnsOf({ guardrails }: Pick<Policy, "guardrails">): ReadonlySet<string> {
  return new Set(
    guardrails.flatMap(({ measure, where }) => {
      const conditions = "of" in measure ? [...where, measure.of] : where;
      const read = conditions.map(({ column }) => column);
      return "column" in measure ? [...read, measure.column] : read;
    }),
  );
}

/** The measures of a policy, each once. */
export function measuresOf({ guardrails }: Policy): readonly Measure[] {
  const measures = new Map<string, Measure>();
  for (const guardrail of guardrails) {
    const key = measureKey(guardrail);
    if (measures.has(key)) continue;
    measures.set(key, {
      key,
      source: guardrail.source,
      againstEveryone: guardrail.against === "everyone",
      binned: guardrail.measure.kind === "quantile",
      isFailure: isOfFailures(guardrail),
      isOfAnyRoute: guardrail.where.some(({ column }) => column === "delivery.route"),
      read: readerOf(guardrail),
    });
  }
  return [...measures.values()];
}

/** Whether it counts pages that failed, and may take a ramp back. */
export function isOfFailures({ measure, role, worse }: Guardrail): boolean {
  return measure.kind === "rate" && role !== "watch" && worse === "higher";
}

function readerOf({ measure, where }: Guardrail): Measure["read"] {
  const value = valueReader(measure);
  const filters = where.map(conditionReader);
  if (filters.length === 0) return value;
  return (columns) => {
    for (const filter of filters) if (filter(columns) !== true) return Number.NaN;
    return value(columns);
  };
}

function valueReader(measure: Guardrail["measure"]): Measure["read"] {
  switch (measure.kind) {
    case "quantile":
      return ({ [measure.column]: value }) => (isNumber(value) ? binOf(value) : Number.NaN);
    case "mean": {
      const { column, cap = Number.MAX_VALUE, absent } = measure;
      const missing = absent === "zero" ? 0 : Number.NaN;
      return ({ [column]: value }) => (isNumber(value) ? Math.min(value, cap) : missing);
    }
    case "rate":
    case "share": {
      const holds = conditionReader(measure.of);
      const missing = measure.absent === "zero" ? 0 : Number.NaN;
      return (columns) => {
        const held = holds(columns);
        return held === undefined ? missing : Number(held);
      };
    }
    case "arrivals":
      return () => 1;
  }
}

// A squared sum of values beyond this would no longer be a number.
const largest = 1e100;

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= largest;
}

function conditionReader(condition: Condition): (columns: Columns) => boolean | undefined {
  const { column, is, above, below } = condition;
  if (is !== undefined) {
    return ({ [column]: value }) => (value == null ? undefined : value === is);
  }
  const least = above ?? Number.NEGATIVE_INFINITY;
  const most = below ?? Number.POSITIVE_INFINITY;
  return ({ [column]: value }) => (isNumber(value) ? value > least && value < most : undefined);
}
