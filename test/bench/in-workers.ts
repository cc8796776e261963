// Many independent tasks over several threads, with a bar that says how far they are.
import { parentPort, Worker, workerData } from "node:worker_threads";
import { SingleBar } from "cli-progress";

/** What came of each task, in the order in which they ended. `file` answers them: `answerTasks`. */
export async function runInWorkers<O>(
  tasks: readonly unknown[],
  { file, workers }: { readonly file: string; readonly workers: number },
): Promise<readonly O[]> {
  const bar = new SingleBar({ format: "{bar} {value}/{total} ramps, {eta_formatted} left" });
  bar.start(tasks.length, 0);
  const outcomes: O[] = [];
  const work = async (part: number): Promise<void> => {
    const own = tasks.filter((_, at) => at % workers === part);
    // What a ramp makes is dead a minute later: most of it need never be moved.
    const resourceLimits = { maxYoungGenerationSizeMb: 128 };
    const worker = new Worker(file, { workerData: own, argv: [], resourceLimits });
    await new Promise<void>((resolve, reject) => {
      worker.on("message", (outcome: O) => {
        outcomes.push(outcome);
        bar.increment();
      });
      worker.once("error", reject);
      worker.once("exit", () => resolve());
    });
  };
  try {
    await Promise.all(Array.from({ length: workers }, (_, part) => work(part)));
  } finally {
    bar.stop();
  }
  return outcomes;
}

/** In a worker: does its tasks, one after another. */
export async function answerTasks(run: (task: unknown) => unknown): Promise<void> {
  const tasks = workerData as readonly unknown[];
  for (const task of tasks) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
    parentPort?.postMessage(await run(task));
  }
}
