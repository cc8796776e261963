#!/usr/bin/env node
// The command itself: runs what the command line says, prints the one report or
// failure, and ends with the exit code that belongs to it.
import { exitCodes } from "./exit-codes.ts";
import { Failure, failureFrom } from "./failure.ts";
import { paintNote } from "./paint.ts";
import { run } from "./run.ts";
import { jsonText, visible } from "./visible.ts";
import { wrap } from "./wrap.ts";

const args = process.argv.slice(2);
const json = args.includes("--json");
const stop = new AbortController();

process.once("SIGINT", interrupt);
process.once("SIGTERM", interrupt);
// A reader such as `head` may close early; that is no error of ours.
process.stdout.on("error", () => process.exit());

try {
  const report = await run({ args, signal: stop.signal, note });
  process.stdout.write(`${json ? jsonText(report.json) : visible(report.text)}\n`);
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
  process.stderr.write(`${paintNote("dim", `aviary: ${visible(line)}`)}\n`);
}

/** `text` as wide as the terminal, for a line that begins with `lead`; indented from there on. */
function below(text: string, lead: string): string {
  const room = (process.stderr.columns || Number.POSITIVE_INFINITY) - lead.length;
  return text
    .split("\n")
    .flatMap((line) => wrap(line, room))
    .join("\n  ");
}

function printFailure(failure: Failure): void {
  if (json) {
    process.stdout.write(`${jsonText(failure.toDocument())}\n`);
  } else {
    const { hint } = failure.details;
    process.stderr.write(
      `${paintNote("red", "aviary:")} ${below(visible(failure.message), "aviary: ")}\n`,
    );
    if (hint !== undefined) process.stderr.write(`  ${below(visible(hint), "  ")}\n`);
  }
  if (failure.kind === "unexpected" && process.env["AVIARY_DEBUG"]) console.error(failure);
}
