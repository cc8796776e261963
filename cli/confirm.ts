// Yes or no, from a person.
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Failure, usageFailure } from "./failure.ts";

type Terminal = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Where the question goes: what stdout is written to must not hold it. */
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
};

/** True for yes. Throws a usage failure where nobody is there to be asked. */
export async function confirm(
  question: string,
  { input, output, signal }: Terminal,
): Promise<boolean> {
  if (!input.isTTY || !output.isTTY) {
    throw usageFailure(
      "nobody is here to say yes",
      "Give --yes, or --dry-run to see what it does.",
    );
  }
  const terminal = createInterface({ input, output });
  // While it asks, the terminal hands Ctrl-C to us instead of sending a signal.
  const stopped = once(terminal, "SIGINT").then(() => {
    throw new Failure("interrupted", "stopped", { hint: "Nothing was changed." });
  });
  // Ctrl-D ends the input: whoever leaves has not said yes. Node before 24 tells it so.
  const left = once(terminal, "close").then(() => "");
  const answered = terminal.question(`${question} [y/N] `, { signal });
  try {
    const answer = await Promise.race([left, stopped, answered]);
    return /^y(?:es)?$/i.test(answer.trim());
  } catch (error) {
    output.write("\n");
    signal.throwIfAborted();
    if (error instanceof Error && error.name === "AbortError") return false;
    throw error;
  } finally {
    terminal.close();
  }
}
