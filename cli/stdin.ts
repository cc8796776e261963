// Standard input, which can be read once.
import { addAbortSignal } from "node:stream";
import { buffer } from "node:stream/consumers";
import { usageFailure } from "./failure.ts";

/** All of it. Throws a usage failure where two arguments want it, or a terminal is there. */
export async function readStdin(signal: AbortSignal): Promise<Uint8Array> {
  const { stdin } = process;
  if (stdin.readableEnded || stdin.readableFlowing !== null) {
    throw usageFailure("only one argument can be -: standard input is read once");
  }
  if (stdin.isTTY) throw usageFailure("- reads standard input: pipe something into it");
  try {
    return await buffer(addAbortSignal(signal, stdin));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
