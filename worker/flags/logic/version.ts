// sem_ver: flagd's comparison of two versions; null where one cannot be read.
import { contextualOperator } from "./contextual.ts";
import type { Operators } from "./expression.ts";

/** Semantic Versioning 2.0.0; build metadata are read and ignored. */
type Version = {
  readonly main: readonly [major: number, minor: number, patch: number];
  readonly prerelease: readonly string[];
};

const identifier = String.raw`(?:0|[1-9]\d*|\d*[a-zA-Z-][a-zA-Z0-9-]*)`;
const number = String.raw`(0|[1-9]\d*)`;
const strict = new RegExp(
  String.raw`^v?${number}\.${number}\.${number}(?:-(${identifier}(?:\.${identifier})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`,
);
const partial = /^(\d+)(?:\.(\d+))?$/;
const maxLength = 256;
const maxDigits = 16;

/**
 * Reads a version as flagd does: one leading `v` is dropped, `1` and `1.2` are
 * completed with zeros.
 *
 * @returns undefined for what is no version.
 */
function parseVersion(raw: unknown): Version | undefined {
  const text = String(raw).replace(/^[vV]/, "");
  return parseStrict(text) ?? parsePartial(text);
}

function parseStrict(text: string): Version | undefined {
  if (text.length > maxLength) return undefined;
  const match = strict.exec(text.trim());
  if (match === null) return undefined;
  const main = [Number(match[1]), Number(match[2]), Number(match[3])] as const;
  if (main.some((part) => part > Number.MAX_SAFE_INTEGER)) return undefined;
  return { main, prerelease: match[4]?.split(".") ?? [] };
}

function parsePartial(text: string): Version | undefined {
  const match = partial.exec(text);
  const [, major = "", minor = "0"] = match ?? [];
  if (match === null || major.length > maxDigits) return undefined;
  return parseStrict(`${major}.${minor.length > maxDigits ? "0" : minor}.0`);
}

/** Negative, zero or positive, by precedence (SemVer 2.0.0, section 11). */
function compareVersions(left: Version, right: Version): number {
  for (const [at, part] of left.main.entries()) {
    const difference = part - (right.main[at] ?? 0);
    if (difference !== 0) return difference;
  }
  const some = Math.min(left.prerelease.length, right.prerelease.length);
  // A release is later than any of its prereleases.
  if (some === 0) return right.prerelease.length - left.prerelease.length;
  for (let at = 0; at < some; at += 1) {
    const difference = compareIdentifiers(left.prerelease[at] ?? "", right.prerelease[at] ?? "");
    if (difference !== 0) return difference;
  }
  return left.prerelease.length - right.prerelease.length;
}

function compareIdentifiers(left: string, right: string): number {
  if (left === right) return 0;
  const leftIsNumber = /^\d+$/.test(left);
  const rightIsNumber = /^\d+$/.test(right);
  if (leftIsNumber && rightIsNumber) return Number(left) - Number(right);
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
  return left < right ? -1 : 1;
}

type Relation = (left: Version, right: Version) => boolean;

const relations: ReadonlyMap<string, Relation> = new Map<string, Relation>([
  ["=", (left, right) => compareVersions(left, right) === 0],
  ["!=", (left, right) => compareVersions(left, right) !== 0],
  ["<", (left, right) => compareVersions(left, right) < 0],
  ["<=", (left, right) => compareVersions(left, right) <= 0],
  [">", (left, right) => compareVersions(left, right) > 0],
  [">=", (left, right) => compareVersions(left, right) >= 0],
  ["^", (left, right) => left.main[0] === right.main[0]],
  ["~", (left, right) => left.main[0] === right.main[0] && left.main[1] === right.main[1]],
]);

export const versions: Operators = {
  sem_ver: contextualOperator((operands) => {
    const [first, relation, second, ...others] = operands as readonly unknown[];
    if ((operands as readonly unknown[]).length !== 3 || others.length > 0) return null;
    const left = parseVersion(first);
    const right = parseVersion(second);
    const holds = relations.get(String(relation));
    if (left === undefined || right === undefined || holds === undefined) return null;
    return holds(left, right);
  }),
};
