// What every handler of the control API is given.
import type { Context } from "hono";
import { ok, type Result } from "#base/result.ts";
import type { Background } from "#src/adapters/background.ts";
import type { Told } from "#src/delivery/publish-step.ts";
import type { Services } from "#src/services.ts";
import { authorize } from "./auth.ts";
import type { Principal } from "./principal.ts";
import type { Scope } from "./contract.ts";
import type { Refusal } from "./problem.ts";

export type Variables = {
  readonly services: Services;
  readonly principal: Principal;
  readonly background: Background;
  /** Tells the client what a publish is at; undefined where it does not want to know. */
  readonly told: Told | undefined;
  /** True once the Registry was asked for a change, and with it for its line in the audit log. */
  readonly isLogged?: boolean;
  /** What a change that was made is in the audit log; undefined: its method and path. */
  readonly audited?: Audited;
};

export type Audited = {
  readonly action: string;
  readonly lines: readonly { readonly target: string; readonly after?: unknown }[];
};

export type AdminContext = Context<{ Variables: Variables }>;

/** Where the caller is, as Cloudflare saw it; empty where it did not say. */
export function addressOf(context: Pick<AdminContext, "req">): string {
  return context.req.header("cf-connecting-ip") ?? "";
}

/** Refuses the caller unless it holds `scope` for `account` (null: for all accounts). */
export function permit(
  context: AdminContext,
  scope: Scope,
  account: string | null,
): Result<null, Refusal> {
  return authorize(context.get("principal"), scope, account);
}

/**
 * Refuses the caller without `scope`; of one that is bound, answers with its account, whose alone
 * is what it may see and change. Null stands for all.
 */
export function permitOwn(context: AdminContext, scope: Scope): Result<string | null, Refusal> {
  const { account } = context.get("principal");
  const permitted = permit(context, scope, account);
  return permitted.ok ? ok(account) : permitted;
}
