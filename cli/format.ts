// Bytes, times and untrusted text as people read them.
import { stripVTControlCharacters } from "node:util";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `204.1 kB`; decimal prefixes, as browsers' tools have them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(2)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** `1 id`, `2 ids`, `1,000 ids`. */
export function counted(amount: number, one: string, many = `${one}s`): string {
  return `${amount.toLocaleString("en")} ${amount === 1 ? one : many}`;
}

/** A limit as it was set: `2 MiB`. */
export function formatLimit(bytes: number): string {
  return `${bytes / 2 ** 20} MiB`;
}

/** `2026-11-23 14:35:12 UTC` for an RFC 3339 time. */
export function formatTime(timestamp: string): string {
  return `${timestamp.slice(0, 19).replace("T", " ")} UTC`;
}

/** `3 minutes ago`. The server's clock may be ahead of ours: the future is "just now". */
export function formatAge(timestamp: string, nowMs: number): string {
  const ageMs = nowMs - Date.parse(timestamp);
  if (ageMs < minuteMs) return "just now";
  const relative = new Intl.RelativeTimeFormat("en");
  if (ageMs < hourMs) return relative.format(-Math.floor(ageMs / minuteMs), "minute");
  if (ageMs < dayMs) return relative.format(-Math.floor(ageMs / hourMs), "hour");
  return relative.format(-Math.floor(ageMs / dayMs), "day");
}

/** `20 minutes`, `about 3 hours`, `about 5 days`: rounded up, in the largest unit that two fit. */
export function formatSpan(ms: number): string {
  const units = [
    [dayMs, "day"],
    [hourMs, "hour"],
    [minuteMs, "minute"],
  ] as const;
  const [size, unit] = units.find(([each]) => ms >= 2 * each) ?? [minuteMs, "minute"];
  const amount = Math.ceil(ms / size);
  const about = ms % size === 0 ? "" : "about ";
  return about + counted(amount, unit);
}

/** Text from elsewhere without anything that a terminal would obey or a reader not see. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]/gu, "");
}
