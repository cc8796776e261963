// What a command found out, in both forms. It is printed in one place, so that
// `--json` is always exactly one document.

export type Report = {
  /** For `--json`. */
  readonly json: unknown;
  /** For people; may hold colour. */
  readonly text: string;
};
