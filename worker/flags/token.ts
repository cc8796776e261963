// The body of the arms token that rides in Server-Timing and comes back with the
// beacon. One text for one meaning: what parses also encodes to itself, so that a
// signature over the text is a signature over the meaning. Signing is elsewhere.
import { err, ok, type Result } from "#base/result.ts";
import type { Arm } from "./arms.ts";

type TokenArm = { readonly code: string; readonly arm: Exclude<Arm, "rest"> };

/** What a token says. */
export type Token = {
  /** Of the snapshot that the arms were given by. */
  readonly epoch: number;
  /** Hours since the epoch of time, when it was given. */
  readonly hour: number;
  /** The visitor's bucket, out of `visitorBuckets`. */
  readonly bucket: number;
  /** By code; flags that are left out are in `rest`. */
  readonly arms: readonly TokenArm[];
};

export type TokenError =
  | { readonly reason: "malformed_token" }
  | { readonly reason: "unknown_token_version"; readonly version: string }
  | { readonly reason: "expired_token"; readonly ageHours: number }
  | { readonly reason: "token_from_the_future"; readonly ageHours: number }
  | { readonly reason: "forgotten_epoch"; readonly epoch: number };

/** Visitors share that many buckets: enough to see repeated visits, too few to name anybody. */
export const visitorBuckets = 64;

const hourMs = 3_600_000;
const version = "1";
/** Longest body: 64 arms of the longest code, and the numbers. */
export const maxTokenLength = 480;
const maxArms = 64;
const letters = { canary: "c", control: "k" } as const;
const shape = /^([0-9a-z])\.([0-9a-z]{1,10})\.([0-9a-z]{1,6})\.([0-9a-z]{1,4})\.([0-9a-z_-]*)$/;
const armShape = /^([0-9a-z]{1,4})_([ck])$/;

/** The hour of a time in ms. */
export function hourOf(nowMs: number): number {
  return Math.floor(nowMs / hourMs);
}

/**
 * The token's text, of characters that need no quoting in a header:
 * `1.<epoch>.<hour>.<bucket>.<code>_<c|k>-…`, numbers to the base of 36.
 */
export function encodeToken({ epoch, hour, bucket, arms }: Token): string {
  const sorted = arms.toSorted((left, right) => (left.code < right.code ? -1 : 1));
  return tokenText(tokenPrefix(epoch, hour), bucket, sorted.map(markOf).join("-"));
}

/** How a token says one arm. */
export function markOf({ code, arm }: TokenArm): string {
  return `${code}_${letters[arm]}`;
}

/** What all tokens of an epoch begin with for an hour. */
export function tokenPrefix(epoch: number, hour: number): string {
  return `${version}.${epoch.toString(36)}.${hour.toString(36)}.`;
}

/** A token's text from its parts; `marks` by code, with dashes between them. */
export function tokenText(prefix: string, bucket: number, marks: string): string {
  return `${prefix}${bucket.toString(36)}.${marks}`;
}

/** Reads a token's text; refuses any other way of writing the same. */
export function parseToken(text: string): Result<Token, TokenError> {
  if (text.length > maxTokenLength) return err({ reason: "malformed_token" });
  const match = shape.exec(text);
  if (match === null) return err({ reason: "malformed_token" });
  const [, of = "", epoch = "", hour = "", bucket = "", list = ""] = match;
  if (of !== version) return err({ reason: "unknown_token_version", version: of });
  const arms = list === "" ? [] : list.split("-").map(parseArm);
  if (arms.length > maxArms || arms.includes(undefined)) return err({ reason: "malformed_token" });
  const known = arms.filter((each) => each !== undefined);
  const numbers = { epoch: number(epoch), hour: number(hour), bucket: number(bucket) };
  const token = { ...numbers, arms: known };
  const unique = new Set(known.map(({ code }) => code)).size === known.length;
  const canonical = unique && token.bucket < visitorBuckets && encodeToken(token) === text;
  return canonical ? ok(token) : err({ reason: "malformed_token" });
}

function parseArm(text: string): TokenArm | undefined {
  const match = armShape.exec(text);
  if (match === null) return undefined;
  return { code: match[1] ?? "", arm: match[2] === letters.canary ? "canary" : "control" };
}

function number(text: string): number {
  return Number.parseInt(text, 36);
}

/** Which tokens count as evidence. */
export type TokenPolicy = {
  readonly nowMs: number;
  readonly maxAgeHours: number;
  /** Oldest snapshot whose arms are still known. */
  readonly leastEpoch: number;
};

/**
 * Refuses tokens that are too old to count. A token of a later epoch than the
 * verifier knows is taken: its signature says that somebody knew it.
 */
export function checkToken(token: Token, policy: TokenPolicy): Result<Token, TokenError> {
  const ageHours = hourOf(policy.nowMs) - token.hour;
  if (ageHours > policy.maxAgeHours) return err({ reason: "expired_token", ageHours });
  // Clocks of two machines may disagree around the full hour.
  if (ageHours < -1) return err({ reason: "token_from_the_future", ageHours });
  if (token.epoch < policy.leastEpoch)
    return err({ reason: "forgotten_epoch", epoch: token.epoch });
  return ok(token);
}
