// Accounts: what they have, what they may have, and their end. An account begins with the
// first id that is published for it.
import { err, ok, type Result } from "#base/result.ts";
import type { Account } from "#src/adapters/registry.ts";
import { accountsQuery, quotasBody } from "./account-contract.ts";
import { permit, type AdminContext } from "./context.ts";
import { idSchema, type Scope } from "./contract.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkShape, readJson } from "./read-body.ts";
import { viewAccount, viewAccountLine } from "./views.ts";

const pageSize = 200;

/** GET /api/v1/accounts, by name; deleted ones too. */
export async function listAccounts(context: AdminContext): Promise<Response> {
  const query = checkShape(context.req.query(), accountsQuery);
  if (!query.ok) return refuse(query.error);
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  const { registry } = context.get("services");
  const accounts = await registry().accounts(query.value.after, pageSize);
  const next = accounts.length < pageSize ? null : (accounts.at(-1)?.account ?? null);
  return Response.json({ accounts: accounts.map(viewAccountLine), next });
}

/** GET /api/v1/accounts/{account}. */
export async function showAccount(context: AdminContext): Promise<Response> {
  const found = await findAccount(context, "read");
  if (!found.ok) return refuse(found.error);
  const { projects } = context.get("services");
  const usage = await projects(found.value.account).usage();
  return Response.json(viewAccount(found.value, usage));
}

/** PUT /api/v1/accounts/{account}/quotas. */
export async function putQuotas(context: AdminContext): Promise<Response> {
  const found = await findAccount(context, "admin");
  if (!found.ok) return refuse(found.error);
  const body = await readJson(context.req.raw, quotasBody);
  if (!body.ok) return refuse(body.error);
  const { projects } = context.get("services");
  const usage = await projects(found.value.account).setQuotas(body.value);
  return Response.json(viewAccount(found.value, usage));
}

/** DELETE /api/v1/accounts/{account}, with all its ids and tokens. Idempotent. */
export async function deleteAccount(context: AdminContext): Promise<Response> {
  const found = await findAccount(context, "admin");
  if (!found.ok) return refuse(found.error);
  const { account, deletedAtMs } = found.value;
  const { projects } = context.get("services");
  const { ids, tokens } = await projects(account).close(account);
  return Response.json({ account, changed: deletedAtMs === null, ids, tokens });
}

/** POST /api/v1/accounts/{account}/restore: it can publish again; what was deleted stays so. */
export async function restoreAccount(context: AdminContext): Promise<Response> {
  const found = await findAccount(context, "admin");
  if (!found.ok) return refuse(found.error);
  const { account } = found.value;
  const { projects } = context.get("services");
  const usage = await projects(account).reopen(account);
  return Response.json(viewAccount({ ...found.value, deletedAtMs: null }, usage));
}

/** The account in the path, if the caller may do `scope` there. What only an admin may takes one for all accounts. */
async function findAccount(
  context: AdminContext,
  scope: Extract<Scope, "read" | "admin">,
): Promise<Result<Account, Refusal>> {
  const checked = checkShape(context.req.param("account"), idSchema);
  if (!checked.ok) return named(checked.error);
  const permitted = permit(context, scope, scope === "read" ? checked.value : null);
  if (!permitted.ok) return permitted;
  const { registry } = context.get("services");
  const account = await registry().account(checked.value);
  if (account !== null) return ok(account);
  return err({ reason: "unknown_id", kind: "account", id: checked.value });
}

function named(refusal: Refusal): Result<never, Refusal> {
  if (refusal.reason !== "invalid") return err(refusal);
  const errors = refusal.errors.map(({ detail }) => ({ field: "account", detail }));
  return err({ reason: "invalid", errors });
}
