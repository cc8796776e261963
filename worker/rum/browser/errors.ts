// What went wrong on the page: how often, in whose script and of what class. A message
// is never sent: only a hash of it, digits left out, so that two of a kind are alike.
import {
  lateCspViolations,
  lateErrorCount,
  lateExceptionFirstHost,
  lateExceptionMessageHash,
  lateExceptionType,
  lateRejectionCount,
  lateSnippetErrorCount,
} from "#rum/positions.ts";
import { hostOf } from "./guard.ts";
import { current, onBegin } from "./page-view.ts";

/** Begins every view's counts. */
export const countErrors = (): void => {
  onBegin(({ row }) => {
    row[lateErrorCount] = row[lateRejectionCount] = row[lateCspViolations] = 0;
    row[lateSnippetErrorCount] = 0;
  });
};

/**
 * Counts an `error`, `unhandledrejection` or `securitypolicyviolation` event;
 * `ours` where the snippet was running.
 */
export const takeError = (event: Event, ours: boolean): void => {
  const { row } = current;
  if (event.type[0] === "s") row[lateCspViolations]! += 1;
  else if (event.type[0] === "u") {
    row[lateRejectionCount]! += 1;
    describe((event as PromiseRejectionEvent).reason);
  } else {
    const { error, filename, message } = event as ErrorEvent;
    row[lateErrorCount]! += 1;
    if (ours) row[lateSnippetErrorCount]! += 1;
    describe(error, message, filename);
  }
};

/** May throw, as whatever was thrown may be asked; then it has said nothing of it. */
const describe = (thrown: unknown, message?: string, filename?: string): void => {
  const { row } = current;
  if (row[lateExceptionMessageHash] != null) return;
  const { name, message: text } = Object(thrown) as Partial<Error>;
  row[lateExceptionMessageHash] = hashOf(String(text ?? message ?? thrown));
  row[lateExceptionFirstHost] = hostOf(filename);
  if (typeof name === "string" && /^\w{1,64}$/.test(name)) row[lateExceptionType] = name;
};

/** FNV-1a, 32 bits, http://www.isthe.com/chongo/tech/comp/fnv/ */
const hashOf = (text: string): string => {
  let hash = 2_166_136_261;
  for (const letter of text.slice(0, 1_000).replaceAll(/\d/g, "")) {
    hash = Math.imul(hash ^ letter.charCodeAt(0), 16_777_619);
  }
  return (hash >>> 0).toString(16);
};
