// Publishing with progress: where the client accepts NDJSON, each step is a line as it
// begins, and the last line is the answer. What is refused before anything was begun is
// answered as ever, and so is whoever asks for no lines.
import type { Background } from "#src/adapters/background.ts";
import type { PublishStep, Told } from "#src/delivery/publish-step.ts";
import { progressMediaType, type ProgressAnswer } from "./contract.ts";

/** Whether the client wants to be told of steps. */
export function wantsProgress({ method, headers }: Request): boolean {
  return method === "PUT" && headers.get("accept")?.includes(progressMediaType) === true;
}

/** The response of `answer`: itself, or its steps and then itself as lines of one. */
export async function withProgress(
  answer: (told: Told) => Promise<Response>,
  background: Background,
): Promise<Response> {
  const encoder = new TextEncoder();
  let lines: ReadableStreamDefaultController<Uint8Array> | undefined;
  // Who has gone away hears nothing, and what was begun is finished all the same.
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (lines = controller),
    cancel: () => void (lines = undefined),
  });
  const say = (document: PublishStep | ProgressAnswer): void =>
    lines?.enqueue(encoder.encode(`${JSON.stringify(document)}\n`));
  const begun = Promise.withResolvers<"begun">();
  const told: Told = async (step) => {
    say(step);
    begun.resolve("begun");
    // The line is to leave before something begins that waits for nothing.
    await scheduler.wait(1);
  };
  const done = answer(told);
  const first = await Promise.race([done, begun.promise]);
  if (first !== "begun") return first;
  const finish = async (): Promise<void> => {
    say(await answerOf(await done));
    lines?.close();
  };
  background.waitUntil(finish());
  return new Response(readable, { headers: { "content-type": progressMediaType } });
}

const kept = new Set(["content-type", "etag", "retry-after"]);

async function answerOf(response: Response): Promise<ProgressAnswer> {
  const headers = [...response.headers].filter(([name]) => kept.has(name));
  const body = await response.json();
  return { status: response.status, headers: Object.fromEntries(headers), body };
}
