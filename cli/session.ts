// What one run of a command has at hand.
import type { ControlApi } from "./control-api.ts";
import type { Settings } from "./settings.ts";

export type Session = {
  readonly api: ControlApi;
  /** The same without another attempt, for those who ask again anyway. */
  readonly askOnce: ControlApi;
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of standard input; a usage failure where it was read before. */
  readonly stdin: () => Promise<Uint8Array>;
  readonly nowMs: number;
  /** Whether one JSON document is wanted. */
  readonly isJson: boolean;
  /** Tells the user something that is no result. */
  readonly note: (line: string) => void;
  /** Asks a question on the terminal; false where the answer is no. Throws a usage failure where there is no terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Columns that a line has; without end where stdout is no terminal. */
  readonly columns: () => number;
  /** Shows text in the place of what it showed before. */
  readonly draw: (text: string) => void;
  /** Resolves after a while; rejects when the user stops the command. */
  readonly wait: (ms: number) => Promise<void>;
};
