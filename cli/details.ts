// Names and values below one another.
import type { SnippetView } from "#src/admin/snippet-contract.ts";
import { formatBytes, harmless } from "./format.ts";
import { paint } from "./paint.ts";
import { columns } from "./table.ts";

/** One line a pair, indented, names dim. */
export function details(pairs: readonly (readonly [name: string, value: string])[]): string {
  return columns(
    pairs.map(([name, value]) => [paint("dim", name), value]),
    "  ",
  );
}

/** `204.1 kB; br 48.2 kB, gzip 60.0 kB`. */
export function formatSizes({ identity, ...encoded }: SnippetView["bytes"]): string {
  const parts = Object.entries(encoded).map(([coding, bytes]) => `${coding} ${formatBytes(bytes)}`);
  return [formatBytes(identity), parts.join(", ")].filter(Boolean).join("; ");
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
