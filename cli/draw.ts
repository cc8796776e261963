// Text that replaces itself: on a terminal in place, elsewhere one block after
// the other, so that a log keeps them all.
import { paint } from "./paint.ts";
import { width } from "./table.ts";
import { visible } from "./visible.ts";

const esc = "\u001B[";

type Output = {
  readonly isTTY?: boolean;
  /** Of a terminal: characters in a row. It changes when the window does. */
  readonly columns?: number;
  /** Of a terminal: rows on the screen. What has left it above cannot be drawn over. */
  readonly rows?: number;
  readonly write: (text: string) => unknown;
};

/** A function that shows `text` in the place of what it showed before. */
export function drawOn(stream: Output): (text: string) => void {
  let last = "";
  return (drawn) => {
    const text = visible(drawn);
    const back = stream.isTTY && last !== "" ? `${esc}${height(last, stream)}A${esc}0J` : "";
    const shown = stream.isTTY ? cut(text, stream) : text;
    stream.write(`${back}${shown}\n`);
    last = shown;
  };
}

// A line that is wider than the terminal takes more than one of its rows.
function height(text: string, { columns = Number.POSITIVE_INFINITY }: Output): number {
  const lines = text.split("\n").map((line) => Math.max(1, Math.ceil(width(line) / columns)));
  return lines.reduce((sum, each) => sum + each, 0);
}

// The cursor is left on a row of its own.
function cut(text: string, stream: Output): string {
  const room = (stream.rows ?? Number.POSITIVE_INFINITY) - 1;
  if (height(text, stream) <= room) return text;
  const lines = text.split("\n");
  while (lines.length > 1 && height(lines.join("\n"), stream) >= room) lines.pop();
  const left = text.split("\n").length - lines.length;
  return [...lines, paint("dim", `… ${left} more lines`)].join("\n");
}
