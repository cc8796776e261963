// Text in columns, without lines: it can be read, cut and grepped.
import { stripVTControlCharacters } from "node:util";
import { paint } from "./paint.ts";

/** Rows under a heading, each column as wide as its widest cell. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = heading.map((title) => paint("dim", title));
  return columns([titles, ...rows]);
}

/** A table that has to fit. */
type Tight = {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of the terminal. */
  readonly most: number;
  /** Titles of what may be left out, the first to go first. */
  readonly expendable: readonly string[];
};

/** The table without as many of its columns as it takes to fit. */
export function tightTable({ heading, rows, most, expendable }: Tight): string {
  const text = table(heading, rows);
  const [next, ...others] = expendable;
  const isFit = text.split("\n").every((line) => width(line) <= most);
  if (isFit || next === undefined) return text;
  const isKept = (_: string, at: number): boolean => heading[at] !== next;
  const kept = rows.map((row) => row.filter(isKept));
  return tightTable({ heading: heading.filter(isKept), rows: kept, most, expendable: others });
}

/** Rows whose columns line up. Colour takes no room. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ""))),
  );
  return rows
    .map(
      (row) =>
        indent +
        row
          .map((cell, column) => pad(cell, widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
    )
    .join("\n");
}

function pad(cell: string, wanted: number): string {
  return cell + " ".repeat(Math.max(0, wanted - width(cell)));
}

/** Columns of a terminal that a text takes, without its colours. */
export function width(cell: string): number {
  const segments = new Intl.Segmenter().segment(stripVTControlCharacters(cell));
  return [...segments].length;
}
