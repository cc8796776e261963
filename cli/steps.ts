// An answer that comes as lines: what the server begins, step by step, and at last what it
// would have answered at once.
import * as v from "valibot";
import { progressLine, progressMediaType, type ProgressStep } from "#src/admin/contract.ts";
import { Failure } from "./failure.ts";
import type { Answer } from "./refusal.ts";

/** Whether a response is such lines. */
export function isSteps({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith(progressMediaType) === true;
}

/**
 * The answer at the end of the lines; `onStep` is called as each step begins. Throws a
 * Failure where they break off: what was begun may have been finished.
 */
export async function answerAfterSteps(
  response: Response,
  onStep: (step: ProgressStep) => void,
): Promise<Answer> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const read = v.parse(progressLine, JSON.parse(line));
      if ("step" in read) onStep(read);
      else return answerIn(read);
    }
  }
  const message = `${new URL(response.url).origin} broke off before it answered`;
  throw new Failure("unavailable", message, { ambiguous: true, retry: {} });
}

type Last = Exclude<v.InferOutput<typeof progressLine>, ProgressStep>;

function answerIn({ status, headers, body }: Last): Answer {
  return { status, headers: new Headers(headers), text: JSON.stringify(body) };
}
