// The kinds of value that a column may hold: each with its unit, its bounds in words
// and the check of whatever a stranger's beacon says. A check never throws, and what
// comes out of it is a plain value of the kind, of bounded size.

/** How sinks store a value. */
export type ValueType =
  | "number"
  | "integer"
  | "boolean"
  | "string"
  | "instant"
  | "strings"
  | "map"
  | "tuples";

export type Kind<T> = {
  readonly type: ValueType;
  /** As in `ms`; empty for what has none. */
  readonly unit: string;
  /** What `read` takes, in words. */
  readonly bounds: string;
  /** The value to keep; undefined where it breaks the bounds. */
  readonly read: (value: unknown) => T | undefined;
};

type Range = { readonly unit: string; readonly least: number; readonly most: number };

/** Numbers of a range, fractions too. */
export function number({ unit, least, most }: Range): Kind<number> {
  const read = (value: unknown): number | undefined =>
    // NaN is in no range. Adding zero makes a plain zero of a negative one.
    typeof value === "number" && value >= least && value <= most ? value + 0 : undefined;
  return { type: "number", unit, bounds: `${spell(least)} to ${spell(most)}`, read };
}

/** Whole numbers of a range. */
export function integer(range: Range): Kind<number> {
  const { read, ...rest } = number(range);
  const readWhole = (value: unknown): number | undefined =>
    Number.isInteger(value) ? read(value) : undefined;
  return { ...rest, type: "integer", read: readWhole };
}

function spell(limit: number): string {
  return limit.toLocaleString("en-US");
}

const dayMs = 86_400_000;

/** Durations, and moments since `performance.timeOrigin`. */
export const ms = number({ unit: "ms", least: 0, most: dayMs });
/** Differences of two moments, either of which may come first. */
export const signedMs = number({ unit: "ms", least: -dayMs, most: dayMs });
/** For what lasts as long as a tab is open. */
export const tabMs = number({ unit: "ms", least: 0, most: 30 * dayMs });
/** A client's clock: any time up to the year 2100, right or wrong. */
export const epochMs = number({ unit: "ms since 1970", least: 0, most: 4_102_444_800_000 });
export const bytes = integer({ unit: "bytes", least: 0, most: 1_099_511_627_776 });
export const count = integer({ unit: "", least: 0, most: 1_000_000 });
export const pixels = integer({ unit: "px", least: 0, most: 100_000 });

export const boolean: Kind<boolean> = {
  type: "boolean",
  unit: "",
  bounds: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(words: W): Kind<W[number]> {
  const known = new Set<unknown>(words);
  return {
    type: "string",
    unit: "",
    bounds: words.map((word) => (word === "" ? "empty" : `\`${word}\``)).join(", "),
    read: (value) => (known.has(value) ? (value as W[number]) : undefined),
  };
}

// eslint-disable-next-line no-control-regex -- the point of it
const control = /[\u0000-\u001f\u007f]/;

/** Text of one line; what is too long is cut. */
export function text(most: number): Kind<string> {
  return {
    type: "string",
    unit: "",
    bounds: `one line, cut at ${most} characters`,
    read: (value) => {
      if (typeof value !== "string" || control.test(value.slice(0, most))) return undefined;
      // A cut may split a pair, and sinks take UTF-8 alone.
      return value.slice(0, most).toWellFormed();
    },
  };
}

/** The same kind, for values that browsers spell otherwise: their word, and what is kept. */
export function spelt<T>(kind: Kind<T>, spellings: ReadonlyMap<unknown, T>): Kind<T> {
  return { ...kind, read: (value) => spellings.get(value) ?? kind.read(value) };
}

/** Text of a form, where a part of it would mean something else: taken whole or not at all. */
export function shaped(form: RegExp, bounds: string): Kind<string> {
  const read = (value: unknown): string | undefined =>
    typeof value === "string" && form.test(value) ? value : undefined;
  return { type: "string", unit: "", bounds, read };
}

export const hex128 = shaped(/^[0-9a-f]{32}$/, "32 hexadecimal digits");
export const host = shaped(/^[\w.:[\]-]{1,253}$/, "a host, at most 253 characters");
export const label = shaped(/^[\w.:/+@-]{1,64}$/, "a name, at most 64 characters, no spaces");
/** CSS selectors, which the page has scrubbed. */
export const selector = text(100);

/** Lists of texts; members out of bounds are left out, and so are those past the most. */
export function listOf(member: Kind<string>, most: number): Kind<readonly string[]> {
  const bounds = `at most ${most}, each ${member.bounds}`;
  return { type: "strings", unit: "", bounds, read: manyOf(member.read, most) };
}

type Read<T> = Kind<T>["read"];

/** Arrays of fixed length; one member out of bounds spoils the whole. */
export function tuple<T extends readonly unknown[]>(
  members: { readonly [K in keyof T]: Read<T[K]> },
  names: string,
): Kind<T> {
  const read = (value: unknown): T | undefined => {
    if (!Array.isArray(value)) return undefined;
    const all = members.map((member, at) => member(value[at]));
    return all.includes(undefined) ? undefined : (all as unknown as T);
  };
  return { type: "tuples", unit: "", bounds: `\`[${names}]\``, read };
}

/** Lists of tuples; those out of bounds are left out, and so are those past the most. */
export function tuples<T>(member: Kind<T>, most: number): Kind<readonly T[]> {
  const bounds = `at most ${most} of ${member.bounds}`;
  return { type: "tuples", unit: "", bounds, read: manyOf(member.read, most) };
}

function manyOf<T>(read: Read<T>, most: number): Read<readonly T[]> {
  return (value) =>
    Array.isArray(value)
      ? value
          .slice(0, most)
          .map((member) => read(member))
          .filter((member) => member !== undefined)
      : undefined;
}

/** What the server alone says, so that there is nothing to check: no beacon has a place for it. */
function ownWord<T>(type: ValueType, bounds: string): Kind<T> {
  return { type, unit: "", bounds, read: () => undefined };
}

/** A time of the server's clock. */
export const instant = ownWord<string>("instant", "RFC 3339, UTC, in ms");
/** Names and what they stand for. */
export const map = ownWord<Readonly<Record<string, string>>>("map", "at most 64 names");
