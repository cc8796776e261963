// Whose events are to go, and what becomes of them in one store. Everything that is given must
// be so of an event: a session of an account, an account in a span.
import type { WideEvent } from "#rum/wide-event.ts";

export type Sought = {
  readonly account?: string;
  /** As the page gave it: 32 hex digits. */
  readonly sessionId?: string;
  /** Ms since 1970: from the first on, up to and without the second. */
  readonly span?: { readonly fromMs: number; readonly toMs: number };
};

/** What one step did. Asked again it does the rest; done twice it is done once. */
export type ErasureStep = {
  /** Objects, letters, tables or lines that were looked at. */
  readonly looked: number;
  /** Events or lines that are sought; in a dry run all that is told. */
  readonly matched: number;
  readonly erased: number;
  /** Where to go on; null at the end. */
  readonly next: string | null;
  /** Why it stopped early; null where it did not. */
  readonly failure: string | null;
};

export type Eraser = (
  sought: Sought,
  how: { readonly after?: string | undefined; readonly isDry: boolean },
) => Promise<ErasureStep>;

type Marks = {
  readonly account: unknown;
  readonly sessionId: unknown;
  readonly atMs: number;
};

/** Whether what has these marks is sought. */
export function isSought({ account, sessionId, atMs }: Marks, sought: Sought): boolean {
  if (sought.account !== undefined && account !== sought.account) return false;
  if (sought.sessionId !== undefined && sessionId !== sought.sessionId) return false;
  const { span } = sought;
  return span === undefined || (atMs >= span.fromMs && atMs < span.toMs);
}

export function isEventSought(event: WideEvent, sought: Sought): boolean {
  const atMs = Date.parse(event["event.at"] ?? "");
  return isSought({ account: event["account.id"], sessionId: event["session.id"], atMs }, sought);
}
