// Lines that fit.
import { width } from "./table.ts";

/** `text` in lines of at most `most` columns, broken at blanks; a longer word stands alone. */
export function wrap(text: string, most: number): readonly string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(" ")) {
    const longer: string = line === undefined ? word : `${line} ${word}`;
    if (line === undefined || width(longer) <= most) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line ?? ""];
}
