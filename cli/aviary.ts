#!/usr/bin/env node
// The command itself: runs what the command line says, prints the one report or
// failure, and ends with the exit code that belongs to it.
import { exitCodes } from "./exit-codes.ts";
import { Failure, failureFrom } from "./failure.ts";
import { paintNote } from "./paint.ts";
import { run } from "./run.ts";

const args = process.argv.slice(2);
const json = args.includes("--json");
const stop = new AbortController();

process.once("SIGINT", interrupt);
process.once("SIGTERM", interrupt);
// A reader such as `head` may close early; that is no error of ours.
process.stdout.on("error", () => process.exit());

try {
  const report = await run({ args, signal: stop.signal, note });
  process.stdout.write(`${json ? JSON.stringify(report.json, null, 2) : report.text}\n`);
} catch (error) {
  const failure = failureFrom(error);
  process.exitCode = exitCodes[failure.kind];
  printFailure(failure);
}

function interrupt(): void {
  const hint = "What was under way happened wholly or not at all.";
  stop.abort(new Failure("interrupted", "stopped", { hint }));
}

function note(line: string): void {
  process.stderr.write(`${paintNote("dim", `aviary: ${line}`)}\n`);
}

function printFailure(failure: Failure): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(failure.toDocument(), null, 2)}\n`);
  } else {
    const { hint } = failure.details;
    process.stderr.write(`${paintNote("red", "aviary:")} ${failure.message}\n`);
    if (hint !== undefined) process.stderr.write(`  ${hint}\n`);
  }
  if (failure.kind === "unexpected" && process.env["AVIARY_DEBUG"]) console.error(failure);
}
