// A progress bar on stderr while bytes go up; nothing where stderr is no terminal.
import { SingleBar } from "cli-progress";
import type { Progress } from "./connection.ts";
import { formatBytes } from "./format.ts";

const silent: Progress = { advance: () => undefined, stop: () => undefined };

/** Shows an upload of `total` bytes; gone again when it is stopped. */
export function showUpload(label: string, total: number): Progress {
  if (!process.stderr.isTTY) return silent;
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${label}  {bar}  {percentage} %  {value} of {total}  {phase}`,
    formatValue: (value, _options, type) =>
      type === "value" || type === "total" ? formatBytes(value) : String(value),
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0, { phase: "" });
  return {
    advance: (sent) => bar.update(sent, { phase: sent < total ? "" : "waiting for the answer" }),
    stop: () => bar.stop(),
  };
}
