// Whether events have what a guardrail reads. One that reads what is never there would stay
// silent for ever, and its author would believe that it watches.
import type { Issue } from "#flags/issue.ts";
import type { Column } from "#rum/column.ts";
import { columnTable } from "#rum/columns.ts";
import { requestColumns } from "#rum/columns/delivery.ts";
import type { Condition, Guardrail } from "./guardrails.ts";

const table: Readonly<Record<string, Column>> = columnTable;

// The customer's own, as `wide-event.ts` names them. Events are counted and summed; a mark
// is of any kind.
const tracked = /^x\.event\.[\w.:-]{1,50}\.(?:count|value)$/;
const mark = /^x\.mark\.[\w.:-]{1,50}$/;

/** What is wrong with the columns of guardrails, field by field: `guardrails.2.measure.column`. */
export function columnIssues(guardrails: readonly Guardrail[]): readonly Issue[] {
  return guardrails.flatMap(({ measure, where, source }, at) => {
    const path = `guardrails.${at}`;
    const conditions = where.flatMap((each, index) =>
      conditionIssues(each, { source, path: `${path}.where.${index}` }),
    );
    return [...measureIssues(measure, { source, path: `${path}.measure` }), ...conditions];
  });
}

/** Which events are read, and where in the document it says so. */
type Place = { readonly source: Guardrail["source"]; readonly path: string };

function measureIssues(measure: Guardrail["measure"], place: Place): readonly Issue[] {
  switch (measure.kind) {
    case "quantile":
    case "mean":
      return numberIssues(measure.column, place);
    case "rate":
    case "share":
      return conditionIssues(measure.of, { ...place, path: `${place.path}.of` });
    case "arrivals":
      return [];
  }
}

function conditionIssues({ column, is }: Condition, place: Place): readonly Issue[] {
  if (is === undefined) return numberIssues(column, place);
  const kind = kindOf(column);
  if (!isIn(column, place.source) || kind === undefined || kind.read(is) === is) {
    return missingIssues(column, place);
  }
  const message = `is no value of ${column}, which may be ${kind.bounds}`;
  return [{ path: `${place.path}.is`, message }];
}

function numberIssues(column: string, place: Place): readonly Issue[] {
  const type = kindOf(column)?.type ?? "number";
  const isNumber = type === "number" || type === "integer";
  if (!isIn(column, place.source) || isNumber) return missingIssues(column, place);
  return [{ path: `${place.path}.column`, message: "must be a column of numbers" }];
}

function missingIssues(column: string, { source, path }: Place): readonly Issue[] {
  if (isIn(column, source)) return [];
  const events = source === "page_view" ? "page views" : "sampled requests";
  return [{ path: `${path}.column`, message: `is no column of ${events} (docs/wide-event.md)` }];
}

function isIn(column: string, source: Place["source"]): boolean {
  const isKnown = kindOf(column) !== undefined;
  if (source === "delivery") return isKnown;
  const isOwn = tracked.test(column) || mark.test(column);
  return isOwn || (isKnown && !Object.hasOwn(requestColumns, column));
}

/** Undefined for the customer's own, and for what is no column at all. */
function kindOf(column: string): Column["kind"] | undefined {
  return Object.hasOwn(table, column) ? table[column]?.kind : undefined;
}
