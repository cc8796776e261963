// Values from the command line, checked with the server's own schemas before
// anything is sent.
import * as v from "valibot";
import {
  engineVersionSchema,
  idSchema,
  lifetimeSchema,
  originSchema,
  scopeSchema,
  type Scope,
} from "#src/admin/contract.ts";
import { sessionIdSchema } from "#src/admin/erasure-contract.ts";
import { flagKeySchema } from "#src/admin/flag-contract.ts";
import { timeSchema } from "#src/admin/verdict-contract.ts";
import { shardsBody } from "#src/admin/pipeline-contract.ts";
import { usageFailure } from "./failure.ts";

/** `value`, if the argument `name` may hold it. */
export function checkId(name: string, value: string): string {
  return check(idSchema, name, value);
}

export function checkSession(name: string, value: string): string {
  return check(sessionIdSchema, name, value);
}

export function checkFlag(name: string, value: string): string {
  return check(flagKeySchema, name, value);
}

export function checkVersion(name: string, value: string): string {
  return check(engineVersionSchema, name, value);
}

export function checkScope(name: string, value: string): Scope {
  return check(scopeSchema, name, value);
}

/** `text`, as in 90d or 12h, in seconds. */
export function checkLifetime(name: string, text: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,5})([dh])$/.exec(text) ?? [];
  if (amount === "") throw usageFailure(`${name} must be days or hours, as in 90d or 12h`);
  const seconds = Number(amount) * (unit === "d" ? 86_400 : 3_600);
  return check(lifetimeSchema, name, seconds);
}

/** A page's origin. */
export function checkOrigin(name: string, value: string): string {
  return check(originSchema, name, value);
}

/** `text` as a whole number from 1 to `most`. */
export function checkCount(name: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= most) return count;
  const rule = most === Number.MAX_SAFE_INTEGER ? "from 1" : `from 1 to ${most}`;
  throw usageFailure(`${name} must be a whole number ${rule}`);
}

/** `text` as a number of shards. */
export function checkShards(name: string, text: string): number {
  return check(shardsBody.entries.shards, name, /^\d+$/.test(text) ? Number(text) : text);
}

/** `text` as a sample rate: one in so many, 0 for none. */
export function checkRate(name: string, text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) <= 1_000_000) return Number(text);
  throw usageFailure(`${name} must be a whole number from 0 to 1000000`);
}

/**
 * `text` as a moment: RFC 3339, or as times are printed here. Those lack the fraction of the
 * second, and all of it is meant.
 */
export function checkTime(name: string, text: string): string {
  const printed = /^([\d-]+) ([\d:]+) UTC$/.exec(text);
  const time = check(timeSchema, name, printed === null ? text : `${printed[1]}T${printed[2]}Z`);
  return time.includes(".") ? time : new Date(Date.parse(time) + 999).toISOString();
}

/** `text`, on or off, as the control API says it. */
export function checkSwitch(name: string, text: string): "true" | "false" {
  if (text === "on" || text === "off") return text === "on" ? "true" : "false";
  throw usageFailure(`${name} must be on or off`);
}

function check<T>(schema: v.GenericSchema<unknown, T>, name: string, value: unknown): T {
  const checked = v.safeParse(schema, value);
  if (checked.success) return checked.output;
  throw usageFailure(`${name} ${checked.issues[0].message}`);
}
