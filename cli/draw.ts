// Text that replaces itself: on a terminal in place, elsewhere one block after
// the other, so that a log keeps them all.
import type { WriteStream } from "node:tty";

const esc = "\u001B[";

/** A function that shows `text` in the place of what it showed before. */
export function drawOn(stream: NodeJS.WriteStream & Partial<WriteStream>): (text: string) => void {
  let lines = 0;
  return (text) => {
    const back = stream.isTTY && lines > 0 ? `${esc}${lines}A${esc}0J` : "";
    stream.write(`${back}${text}\n`);
    lines = text.split("\n").length;
  };
}
