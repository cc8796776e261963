// Which workerd belongs to which Miniflare: the one that appeared while it started.
import { readFileSync } from "node:fs";

/** Runs `start` and returns what it made with the pid of the workerd that came up meanwhile. */
export async function newWorkerd<T>(
  start: () => Promise<T>,
): Promise<{ readonly value: T; readonly pid: number }> {
  const before = new Set(workerds());
  const value = await start();
  const pid = workerds().find((one) => !before.has(one));
  if (pid === undefined) throw new Error("no workerd was started");
  return { value, pid };
}

function workerds(): readonly number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  return children
    .trim()
    .split(" ")
    .filter((pid) => pid !== "" && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "workerd")
    .map(Number);
}
