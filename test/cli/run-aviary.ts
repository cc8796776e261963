// The command as its users start it: a process of its own, in a folder of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adminToken } from "../harness.ts";

const command = join(import.meta.dirname, "..", "..", "cli", "aviary.ts");

type Finished = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

type RunOptions = {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called once the process runs, to send it a signal when the time has come. */
  readonly started?: (kill: (signal: NodeJS.Signals) => void) => void;
};

export type Workplace = {
  readonly folder: string;
  /** Writes a file into the folder. */
  readonly write: (name: string, content: string | Uint8Array) => Promise<void>;
  readonly aviary: (args: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** The same with `--json`: the document that it printed. */
  readonly json: (args: readonly string[], options?: RunOptions) => Promise<JsonFinished>;
  readonly remove: () => Promise<void>;
};

type JsonFinished = Finished & { readonly document: Record<string, unknown> };

/** A folder to run the command in, against `url` with the admin's token. */
export async function workplace(url: string): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "aviary-cli-"));
  return {
    folder,
    write: (name, content) => writeFile(join(folder, name), content),
    aviary,
    json,
    remove: () => rm(folder, { recursive: true }),
  };

  async function json(args: readonly string[], options?: RunOptions): Promise<JsonFinished> {
    const finished = await aviary([...args, "--json"], options);
    const document = JSON.parse(finished.stdout) as Record<string, unknown>;
    return { ...finished, document };
  }

  function aviary(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const child = spawn(process.execPath, [command, ...args], {
      cwd: folder,
      env: {
        AVIARY_URL: url,
        AVIARY_TOKEN: adminToken,
        // A start then takes 60 ms instead of 150.
        NODE_COMPILE_CACHE: join(folder, ".compiled"),
        ...options.env,
      },
    });
    const stdout: string[] = [];
    const stderr: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    // A command that does not read its input closes it.
    child.stdin.on("error", () => undefined).end(options.stdin ?? "");
    options.started?.((signal) => child.kill(signal));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code, stdout: stdout.join(""), stderr: stderr.join("") });
      });
    });
  }
}
