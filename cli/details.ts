// Names and values below one another.
import type { SnippetView } from "#src/admin/snippet-contract.ts";
import { formatBytes, harmless } from "./format.ts";
import { paint } from "./paint.ts";
import { columns, width } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Of a terminal so narrow that values would be towers, lines are not broken. */
const leastRoom = 16;

/** One line a pair, indented, names dim; in `most` columns values go on below. */
export function details(
  pairs: readonly (readonly [name: string, value: string])[],
  most = Number.POSITIVE_INFINITY,
): string {
  const room = most - 4 - Math.max(0, ...pairs.map(([name]) => width(name)));
  const rows = pairs.flatMap(([name, value]) => {
    const lines = room < leastRoom ? [value] : wrap(value, room);
    return lines.map((line, at) => [at === 0 ? paint("dim", name) : "", line]);
  });
  return columns(rows, "  ");
}

/** `204.1 kB; br 48.2 kB, gzip 60.0 kB`. */
export function formatSizes({ identity, ...encoded }: SnippetView["bytes"]): string {
  const parts = Object.entries(encoded).map(([coding, bytes]) => `${coding} ${formatBytes(bytes)}`);
  return [formatBytes(identity), parts.join(", ")].filter(Boolean).join("; ");
}

/** The row that says which codings could not be made; none where all were. */
export function missingRows(
  codings: SnippetView["missingCodings"],
): readonly (readonly [name: string, value: string])[] {
  if (codings.length === 0) return [];
  const which = codings.join(", ");
  const text = `${which} could not be made, and is offered to nobody; the Worker's log says why. Publish it again to try again.`;
  return [["missing", paint("yellow", text)]];
}

/** A line that says what a change did, before its details. */
export function headline(moved: {
  readonly changed: boolean;
  readonly subject: string;
  readonly did: string;
  readonly already: string;
}): string {
  const { changed, subject, did, already } = moved;
  const mark = changed ? paint("green", "✔") : paint("yellow", "=");
  return `${mark} ${paint("bold", harmless(subject))} ${changed ? did : already}`;
}
