// What every handler of the control API is given.
import type { Context } from "hono";
import type { Result } from "#base/result.ts";
import type { Background } from "#src/adapters/background.ts";
import type { Services } from "#src/services.ts";
import { authorize, type Principal } from "./auth.ts";
import type { Scope } from "./contract.ts";
import type { Refusal } from "./problem.ts";

export type Variables = {
  readonly services: Services;
  readonly principal: Principal;
  readonly background: Background;
};

export type AdminContext = Context<{ Variables: Variables }>;

/** Refuses the caller unless it holds `scope` for `account` (null: for all accounts). */
export function permit(
  context: AdminContext,
  scope: Scope,
  account: string | null,
): Result<null, Refusal> {
  return authorize(context.get("principal"), scope, account);
}
