// Shares of traffic as people write and read them: 5%, 0.1%, 500ppm.
import { usageFailure } from "./failure.ts";

const whole = 1_000_000;

/** `text` in ppm. Throws a usage failure for what is no share, or finer than 1 ppm. */
export function parseShare(argument: string, text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(text) ?? /^(\d{1,7})ppm$/.exec(text);
  const given = Number(match?.[1] ?? Number.NaN);
  const ppm = text.endsWith("%") ? Math.round(given * 10_000) : given;
  if (ppm >= 1 && ppm <= whole) return ppm;
  const rule = "must be a share from 0.0001% to 100%, or from 1ppm to 1000000ppm";
  throw usageFailure(`${argument} ${rule}`, `As in 5%, 0.1% or 500ppm; it was ${text}.`);
}

/** `5 %`, `0.1 %`, `0.0001 %`. */
export function formatShare(ppm: number): string {
  return `${Number((ppm / 10_000).toFixed(4))} %`;
}

/** `1,200`, `0.4`, `less than 0.1`: as exact as a rate can be known. */
export function formatRate(perMinute: number): string {
  if (perMinute > 0 && perMinute < 0.1) return "less than 0.1";
  const digits = perMinute < 10 ? 1 : 0;
  return perMinute.toLocaleString("en", { maximumFractionDigits: digits });
}
