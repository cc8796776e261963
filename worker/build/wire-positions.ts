// Writes worker/rum/positions.ts from the column table: the position of every field
// as a constant of its own, which bundlers put in where it is used, so that the page's
// code carries neither names nor table. Run by `npm run columns`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { layout, type BeaconKind } from "#rum/wire.ts";

/** Where the positions stand in the repository. */
export const positionsPath = join(import.meta.dirname, "..", "rum", "positions.ts");

/** The source text of the positions. */
export function positionsText(): string {
  return [
    "// Where each field stands in a beacon. Made from the column table by `npm run columns`.",
    ...constants("early"),
    ...constants("late"),
    "",
  ].join("\n");
}

function constants(kind: BeaconKind): readonly string[] {
  return layout[kind].map(({ name }, at) => `export const ${constantOf(kind, name)} = ${at};`);
}

/** `early` and `ttfb.value` make `earlyTtfbValue`. */
export function constantOf(kind: BeaconKind, field: string): string {
  return `${kind}_${field}`.replaceAll(/[._](\w)/g, (_, letter: string) => letter.toUpperCase());
}

if (import.meta.main) await writeFile(positionsPath, positionsText());
