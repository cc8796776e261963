// The wide event as a row of a table, for sinks that have a schema: a column for each
// column, and one for all that is the customer's own. Names have underscores for dots,
// which SQL reads as something else.
import type { Column } from "#rum/column.ts";
import { columnTable } from "#rum/columns.ts";
import type { ValueType } from "#rum/kinds.ts";
import type { WideEvent } from "#rum/wide-event.ts";

export type TableColumn = {
  /** In the table. */
  readonly name: string;
  readonly type: Exclude<ValueType, "tuples">;
  readonly unit: string;
  readonly doc: string;
  /** The event's value; undefined where it has none. */
  readonly read: (event: WideEvent) => unknown;
};

/** The table's columns, those of the wide event in its order; a tuple is in no column. */
export const tableColumns: readonly TableColumn[] = Object.entries<Column>(columnTable).flatMap(
  ([field, { kind, doc }]) => {
    const { type, unit } = kind;
    if (type === "tuples") return [];
    const name = field.replaceAll(".", "_");
    const read = (event: WideEvent): unknown => (event as Readonly<Record<string, unknown>>)[field];
    return [{ name, type, unit, doc, read }];
  },
);

/** Name of the column for the customer's own. */
export const extrasName = "x";

/** What is the customer's own, by its name without `x.`. */
export function extrasOf(event: WideEvent): Readonly<Record<string, string | number | boolean>> {
  const extras = Object.entries(event).filter(([name]) => name.startsWith("x."));
  return Object.fromEntries(extras.map(([name, value]) => [name.slice(2), value as string]));
}
