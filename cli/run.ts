// From the command line to a report: which command, are its arguments right, where
// is Aviary. Prints nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "citty";
import packageJson from "../package.json" with { type: "json" };
import { isAction, type ActionData } from "./action.ts";
import { root } from "./commands/root.ts";
import { confirm } from "./confirm.ts";
import { controlApi } from "./control-api.ts";
import { usageFailure } from "./failure.ts";
import { helpText } from "./help.ts";
import { drawOn } from "./draw.ts";
import { locate } from "./locate.ts";
import type { Report } from "./report.ts";
import { readSettings } from "./settings.ts";
import { readStdin } from "./stdin.ts";
import { checkArguments } from "./strict-arguments.ts";
import { showUpload } from "./upload-progress.ts";

export type Invocation = {
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
};

/** What the command line asks for. Throws a Failure. */
export async function run({ args, signal, note }: Invocation): Promise<Report> {
  const { version } = packageJson;
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
    return { json: { version }, text: version };
  }
  const [first, ...others] = args;
  const { node, path, rest } = locate(root, first === "help" ? others : args);
  if (first === "help" || rest.includes("--help") || rest.includes("-h")) {
    const text = helpText(node, path);
    return { json: { help: text }, text };
  }
  if (!isAction(node)) {
    const names = Object.keys(node.subCommands).join(", ");
    const command = path.join(" ");
    throw usageFailure(`${command} what? There are ${names}`, `See ${command} --help.`);
  }

  const given = checkArguments(node, rest);
  const options = { url: given.get("url")?.[0], retries: given.get("retries")?.[0] };
  const settings = readSettings({ options, env: process.env, folder: process.cwd() });
  settings.notes.forEach(note);
  if (settings.token === undefined && path[1] !== "status") {
    throw usageFailure(
      "AVIARY_TOKEN is not set",
      "An admin makes one with `aviary token create`; the first one is the secret AVIARY_ADMIN_TOKEN.",
    );
  }
  const connection = { ...settings, signal, note, showUpload };
  const data: ActionData = {
    all: (option) => given.get(option) ?? [],
    session: {
      api: controlApi(connection),
      askOnce: controlApi({ ...connection, retries: 0 }),
      settings,
      env: process.env,
      stdin: () => readStdin(signal),
      nowMs: Date.now(),
      isJson: given.has("json"),
      note,
      confirm: (question) =>
        confirm(question, { input: process.stdin, output: process.stderr, signal }),
      // A terminal that does not tell its size says 0.
      columns: () => process.stdout.columns || Number.POSITIVE_INFINITY,
      draw: drawOn(process.stdout),
      wait: (ms) => wait(ms, signal),
    },
  };
  const { result } = await runCommand(node, { rawArgs: [...rest], data });
  return result as Report;
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
