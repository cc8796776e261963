// Turns what a stranger sent into a beacon, or says why it is none. Every value is
// checked against the table; one that breaks its bounds is left out and named, the
// rest counts. Takes any text without throwing, and keeps nothing but checked values.
import { err, ok, type Result } from "#base/result.ts";
import type { FieldName, Said } from "./columns.ts";
import { wireVersion } from "./wire-version.ts";
import { kindOf, layout, type Head } from "./wire.ts";

/** Longest text of a beacon, in bytes and so in characters: what browsers send at exit. */
export const maxBeaconBytes = 65_536;

/** A beacon whose every value is within its bounds. */
export type Beacon = {
  readonly said: Said & Head;
  /** Length of its text. */
  readonly chars: number;
  /** Values at positions that this version does not know. */
  readonly unknownCount: number;
  /** Fields whose value broke its bounds. */
  readonly dropped: readonly FieldName[];
};

export type BeaconReject =
  | { readonly reason: "too_large"; readonly chars: number }
  | { readonly reason: "not_json" }
  | { readonly reason: "not_a_beacon" }
  | { readonly reason: "unknown_version"; readonly got: number }
  | { readonly reason: "invalid_head"; readonly field: keyof Head };

const head = ["stitch.late_seq", "pv.id", "pv.index"] as const;

/** Reads a beacon's text, which the caller has bounded while it came in. */
export function ingest(text: string): Result<Beacon, BeaconReject> {
  if (text.length > maxBeaconBytes) return err({ reason: "too_large", chars: text.length });
  const row = parseRow(text);
  if (!row.ok) return row;
  const [version, sequence] = row.value;
  if (!Number.isSafeInteger(version)) return err({ reason: "not_a_beacon" });
  if (version !== wireVersion) return err({ reason: "unknown_version", got: version as number });
  // What is no number is refused with the head, whichever layout it was read with.
  const fields = layout[kindOf(sequence as number)];
  const { said, dropped } = readRow(row.value, fields);
  for (const field of head) {
    if (said[field] === undefined) return err({ reason: "invalid_head", field });
  }
  const unknownCount = countUnknown(row.value, fields.length);
  return ok({ said: said as Said & Head, chars: text.length, unknownCount, dropped });
}

function parseRow(text: string): Result<readonly unknown[], BeaconReject> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err({ reason: "not_json" });
  }
  return Array.isArray(json) ? ok(json as unknown[]) : err({ reason: "not_a_beacon" });
}

function readRow(row: readonly unknown[], fields: (typeof layout)["early"]) {
  const said: { [name: string]: unknown } = {};
  const dropped: FieldName[] = [];
  for (const [at, { name, read }] of fields.entries()) {
    const value = row[at];
    if (value == null) continue;
    const kept = read(value);
    if (kept === undefined) dropped.push(name);
    else said[name] = kept;
  }
  return { said: said as Said, dropped };
}

function countUnknown(row: readonly unknown[], known: number): number {
  let unknown = 0;
  for (let at = known; at < row.length; at += 1) if (row[at] !== null) unknown += 1;
  return unknown;
}
