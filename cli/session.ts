// What one run of a command has at hand.
import type { ControlApi } from "./control-api.ts";
import type { Settings } from "./settings.ts";

export type Session = {
  readonly api: ControlApi;
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of standard input; a usage failure where it was read before. */
  readonly stdin: () => Promise<Uint8Array>;
  readonly nowMs: number;
};
