// Load from wrk, bounded in time, on loopback; CPU as the kernel counts it.
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export type LoadOptions = {
  readonly url: string;
  /** Process whose CPU time is counted. */
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** Instead of visitors that look at one path. */
  readonly script?: { readonly path: string; readonly args: readonly string[] };
  readonly connections?: number;
};

/** What one request cost the process, and half of them took, in µs. */
export type Load = { readonly cpuUs: number; readonly p50Us: number; readonly requests: number };

const run = promisify(execFile);
// Linux counts CPU time in hundredths of a second on every machine in use.
const tickUs = 10_000;
const fewConnections = 16;
const visitors = { path: join(import.meta.dirname, "visitors.lua"), args: [] };

/** Ends the process with one clear line where wrk is missing. */
export function requireWrk(): void {
  try {
    execFileSync("which", ["wrk"], { stdio: "ignore" });
  } catch {
    console.error("wrk is missing. On Debian or Ubuntu: apt-get install wrk");
    process.exit(2);
  }
}

/** Loads `url` for `seconds` and says what it cost. Rejects on any error or status of 4xx or 5xx. */
export async function load(options: LoadOptions): Promise<Load> {
  const { url, pid, headers, seconds } = options;
  const { script = visitors, connections = fewConnections } = options;
  const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const before = cpuUsOf(pid);
  const shape = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--timeout",
    "30s",
    "--latency",
    "-s",
    script.path,
  ];
  const args = [...shape, ...fields, url, "--", ...script.args];
  const { stdout } = await run("wrk", args);
  const spent = cpuUsOf(pid) - before;
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url}: ${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  return { cpuUs: spent / requests, p50Us: p50From(stdout), requests };
}

/** The middle of `values`; of an even number, the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** CPU time that the kernel has counted for a process, µs. */
export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Fields after the command, which may hold spaces; utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickUs;
}

function p50From(stdout: string): number {
  const [, value, unit] = /50%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  return Number(value) * ({ us: 1, ms: 1_000, s: 1_000_000 }[unit ?? ""] ?? Number.NaN);
}
