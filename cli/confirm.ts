// Yes or no, from a person.
import { createInterface } from "node:readline/promises";
import { usageFailure } from "./failure.ts";

/** True for yes. Throws a usage failure where nobody is there to be asked. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usageFailure(
      "nobody is here to say yes",
      "Give --yes, or --dry-run to see what it does.",
    );
  }
  // What is asked must not end up in a file that stdout is written to.
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}
