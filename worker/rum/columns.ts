// The wide event: every column in one table, from which the wire format, the types,
// the checks of what beacons say and docs/wide-event.md follow. A name is spelled
// here and nowhere else. New columns take the next free position of their beacon;
// a position is never given to another column.
import type { Column } from "./column.ts";
import { carriedFields } from "./columns/carried.ts";
import { deliveryColumns, requestColumns } from "./columns/delivery.ts";
import { deviceColumns } from "./columns/device.ts";
import { eventColumns, identityColumns, stitchColumns } from "./columns/identity.ts";
import { errorColumns, lifecycleColumns } from "./columns/lifecycle.ts";
import { mainThreadColumns, thirdPartyColumns } from "./columns/main-thread.ts";
import { navigationColumns } from "./columns/navigation.ts";
import { snippetFetchColumns, snippetRunColumns } from "./columns/snippet.ts";
import { pipelineColumns } from "./columns/pipeline.ts";
import { vitalColumns } from "./columns/vitals.ts";

/** Version of the table: goes up when a column changes its meaning or goes. */
export const schemaVersion = 2;

/** The columns by what they are about, in the order of the documentation. */
export const columnGroups = {
  Event: eventColumns,
  "Page view": identityColumns,
  "Delivery and flags": deliveryColumns,
  "The snippet's fetch": snippetFetchColumns,
  "The snippet's run": snippetRunColumns,
  Navigation: navigationColumns,
  "Paint and vitals": vitalColumns,
  "Main thread": mainThreadColumns,
  "Third parties": thirdPartyColumns,
  "Device and network": deviceColumns,
  Errors: errorColumns,
  Lifecycle: lifecycleColumns,
  Stitching: stitchColumns,
  "Delivery requests": requestColumns,
  "The pipeline itself": pipelineColumns,
} as const satisfies Readonly<Record<string, Readonly<Record<string, Column>>>>;

/** The table: every column of the wide event by its name. */
export const columnTable = {
  ...eventColumns,
  ...identityColumns,
  ...deliveryColumns,
  ...snippetFetchColumns,
  ...snippetRunColumns,
  ...navigationColumns,
  ...vitalColumns,
  ...mainThreadColumns,
  ...thirdPartyColumns,
  ...deviceColumns,
  ...errorColumns,
  ...lifecycleColumns,
  ...stitchColumns,
  ...requestColumns,
  ...pipelineColumns,
} as const;

/** The table, and what beacons carry beside it. */
export const fieldTable = { ...columnTable, ...carriedFields } as const;

type Fields = typeof fieldTable;

type ColumnName = keyof typeof columnTable;
export type FieldName = keyof Fields;

/** What a column or a carried field holds. */
export type ValueOf<K extends FieldName> = Fields[K] extends Column<infer T> ? T : never;

type NamesFrom<S> = {
  [K in FieldName]: Fields[K] extends { readonly source: S } ? K : never;
}[FieldName];

type Values<K extends FieldName> = { readonly [N in K]?: ValueOf<N> };

/** What beacons say. */
export type Said = Values<NamesFrom<"early"> | NamesFrom<"late"> | NamesFrom<"both">>;

/** What beacons carry beside the columns. */
export type Carried = Values<keyof typeof carriedFields>;

/** What the server knows of a request, its token included. */
export type Seen = Values<NamesFrom<"server"> | NamesFrom<"token">>;

/** Values of columns, by name; a column without a value is absent. */
export type ColumnValues = Values<ColumnName>;
