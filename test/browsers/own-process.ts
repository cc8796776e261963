// A program with a folder of its own for all that it writes, in a process group of its
// own: ended as a whole, without a trace.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

export type OwnProcess = {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly kill: () => Promise<void>;
};

type Program = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

const running = new Set<number>();

// Whoever ends a test run early ends its browsers too.
process.once("exit", () => running.forEach(killGroup));

/** A new folder for one browser. */
export function ownFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `aviary-${name}-`));
}

/** Starts a program that keeps its files in `folder`, which goes when the program is killed. */
export function startIn(folder: string, { command, args, env = {} }: Program): OwnProcess {
  const child = spawn(command, args, {
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      HOME: folder,
      TMPDIR: folder,
      XDG_CACHE_HOME: join(folder, "cache"),
      XDG_CONFIG_HOME: join(folder, "config"),
      XDG_DATA_HOME: join(folder, "data"),
      XDG_RUNTIME_DIR: folder,
      ...env,
    },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  running.add(pid);
  return {
    pid,
    child,
    kill: async () => {
      const over = child.exitCode === null && child.signalCode === null && once(child, "exit");
      killGroup(pid);
      running.delete(pid);
      await over;
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

/** The first match of a pattern in what a program says; throws all of it where it ends without one. */
export async function saidBy(
  { child }: Pick<OwnProcess, "child">,
  { on, pattern }: { readonly on: 2 | 3; readonly pattern: RegExp },
): Promise<string> {
  const stream = child.stdio[on] as Readable;
  const said = Promise.withResolvers<string>();
  let text = "";
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    const found = pattern.exec(text);
    if (found !== null) said.resolve(found[0]);
  };
  // Whoever stopped listening would block the program, or end it.
  stream.on("data", hear);
  child.once("exit", () => said.reject(new Error(`did not start: ${text}`)));
  try {
    return await said.promise;
  } finally {
    stream.off("data", hear).resume();
  }
}
