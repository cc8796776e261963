// Colour, where stdout or stderr is a terminal that has it and NO_COLOR is not set.
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** `text` in a style, for stdout. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** `text` in a style, for stderr. */
export function paintNote(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr });
}
