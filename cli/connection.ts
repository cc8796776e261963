// How requests reach one Aviary.
import type { ProgressStep } from "#src/admin/contract.ts";

export type Connection = {
  readonly origin: string;
  readonly token: string | undefined;
  /** True where the token is this machine's own, from .dev.vars, and not AVIARY_TOKEN. */
  readonly isBorrowed: boolean;
  readonly retries: number;
  /** Aborted, with a Failure as its reason, when the user stops the command. */
  readonly signal: AbortSignal;
  /** Tells the user something that is no result. */
  readonly note: (line: string) => void;
  /** Begins to show an upload of `total` bytes. */
  readonly showUpload: (label: string, total: number) => Progress;
};

export type Progress = {
  /** Whether it has a use for what the server is at. */
  readonly wantsSteps: boolean;
  readonly step: (step: ProgressStep) => void;
  readonly advance: (sent: number) => void;
  readonly stop: () => void;
};
