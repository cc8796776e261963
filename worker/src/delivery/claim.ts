// Whose an id is. A claim carries the number of the attempt that made it last, and only that
// very attempt can take it back: a word that comes late changes nothing.
import { err, ok, type Result } from "#base/result.ts";

export type Claim = {
  readonly account: string;
  /** Grows from attempt to attempt of one account; 0 for a claim that nobody can take back. */
  readonly attempt: number;
};

export type Owned = { readonly reason: "id_taken"; readonly account: string };
export type AccountDeleted = { readonly reason: "account_deleted"; readonly account: string };
export type ClaimReject = Owned | AccountDeleted;

/** The claim after `by` asked for the id. Asking again is asking once. */
export function claimed(held: Claim | undefined, by: Claim): Result<Claim, Owned> {
  if (held === undefined) return ok(by);
  const { account } = held;
  if (account !== by.account) return err({ reason: "id_taken", account });
  const attempt = held.attempt === 0 ? 0 : Math.max(held.attempt, by.attempt);
  return ok({ account, attempt });
}

/** The claim after `by` gave the id back; undefined where it is anybody's again. */
export function released(held: Claim | undefined, by: Claim): Claim | undefined {
  const isLast = held?.account === by.account && held.attempt === by.attempt;
  return isLast && by.attempt > 0 ? undefined : held;
}
