// What is printed, without anything that a reader cannot see: C1 controls, which some terminals
// obey, characters that turn the direction of a line, and those that have no form at all.

// C0 is not among them: colours and line ends are made of it, and untrusted text has lost it.
const unseen = /[\u0080-\u009F\p{Cf}\p{Zl}\p{Zp}\p{DI}]/gu;

/** `text` with what cannot be seen written as in JSON, `\u202E`. */
export function visible(text: string): string {
  return text.replaceAll(unseen, (character) =>
    Array.from({ length: character.length }, (_, at) => escapeOf(character.charCodeAt(at))).join(
      "",
    ),
  );
}

/** A document as `--json` prints it: equal to what `JSON.stringify` makes of it. */
export function jsonText(document: unknown): string {
  return visible(JSON.stringify(document, null, 2));
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).toUpperCase().padStart(4, "0")}`;
}
