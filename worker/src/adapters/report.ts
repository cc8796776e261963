// Operational faults, one line of JSON each, without secrets: callers pass ids,
// digests and errors, never headers, tokens or bodies.
import { redacted } from "#base/redacted.ts";

export type Report = (event: string, facts: Readonly<Record<string, unknown>>) => void;

/** Writes to the Worker's log, where `wrangler tail` and Logpush read it. */
export const reportToLog: Report = (event, facts) => {
  const { error, ...rest } = facts;
  const message = error instanceof Error ? { error: error.message } : {};
  console.error(redacted(JSON.stringify({ event, ...rest, ...message })));
};

/** Writes a line that is no fault to the same log. */
export const printLine = (line: string): void => {
  console.log(line);
};
