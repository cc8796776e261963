// Text that replaces itself: on a terminal in place, elsewhere one block after
// the other, so that a log keeps them all.
import { width } from "./table.ts";

const esc = "\u001B[";

type Output = {
  readonly isTTY?: boolean;
  /** Of a terminal: characters in a row. It changes when the window does. */
  readonly columns?: number;
  readonly write: (text: string) => unknown;
};

/** A function that shows `text` in the place of what it showed before. */
export function drawOn(stream: Output): (text: string) => void {
  let last = "";
  return (text) => {
    const back = stream.isTTY && last !== "" ? `${esc}${rows(last, stream)}A${esc}0J` : "";
    stream.write(`${back}${text}\n`);
    last = text;
  };
}

// A line that is wider than the terminal takes more than one of its rows.
function rows(text: string, { columns = Number.POSITIVE_INFINITY }: Output): number {
  const lines = text.split("\n").map((line) => Math.max(1, Math.ceil(width(line) / columns)));
  return lines.reduce((sum, each) => sum + each, 0);
}
