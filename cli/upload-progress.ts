// What becomes of an upload, on stderr while it goes on: a bar while bytes go up, then what
// the server says it is at, and for how long. Nothing where stderr is no terminal.
import { SingleBar, type Options, type Params } from "cli-progress";
import type { ProgressStep } from "#src/admin/contract.ts";
import type { Progress } from "./connection.ts";
import { formatBytes } from "./format.ts";

const silent: Progress = {
  wantsSteps: false,
  advance: () => undefined,
  step: () => undefined,
  stop: () => undefined,
};

const barColumns = 24;
const ticksMs = 100;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const codings = { br: "brotli", zstd: "zstd", gzip: "gzip" } as const;

/** `compressing with brotli`. */
function stepText(step: ProgressStep): string {
  return step.step === "compressing" ? `compressing with ${codings[step.coding]}` : step.step;
}

/** Shows an upload of `total` bytes; gone again when it is stopped. */
export function showUpload(label: string, total: number): Progress {
  if (!process.stderr.isTTY) return silent;
  let phase = "waiting for the answer";
  const startedMs = performance.now();
  const format = (_options: Options, { value }: Params): string => {
    if (value < total) return uploadText(label, value, total);
    const elapsedMs = performance.now() - startedMs;
    const frame = frames[Math.floor(elapsedMs / ticksMs) % frames.length] ?? "";
    return `${frame} ${label}  ${phase}, ${Math.floor(elapsedMs / 1_000)} s`;
  };
  const bar = new SingleBar({
    stream: process.stderr,
    format,
    hideCursor: true,
    clearOnComplete: true,
    fps: 1_000 / ticksMs,
  });
  bar.start(total, 0);
  return {
    wantsSteps: true,
    advance: (sent) => bar.update(sent),
    step: (step) => {
      phase = stepText(step);
      bar.update(total);
    },
    stop: () => bar.stop(),
  };
}

function uploadText(label: string, sent: number, total: number): string {
  const full = Math.floor((sent / total) * barColumns);
  const bar = "█".repeat(full) + "░".repeat(barColumns - full);
  const percent = Math.floor((sent / total) * 100);
  return `${label}  ${bar}  ${percent} %  ${formatBytes(sent)} of ${formatBytes(total)}`;
}
