// The control API's endpoints about accounts, as typed functions.
import type * as v from "valibot";
import {
  accountDeleted,
  accountList,
  accountView,
  type AccountView,
  type quotasBody,
} from "#src/admin/account-contract.ts";
import { send } from "./call.ts";
import type { Connection } from "./connection.ts";
import { get, post } from "./requests.ts";

export type Quotas = v.InferOutput<typeof quotasBody>;

const hints = { "unknown-id": "`aviary account list` shows which there are." };

const path = (account: string): string => `/api/v1/accounts/${account}`;
const because = (why: string): string => `?${new URLSearchParams({ why }).toString()}`;

export function accountApi(connection: Connection) {
  return {
    list,
    show: (account: string): Promise<AccountView> =>
      send(connection, { ...get(path(account), accountView), hints }),
    setQuotas: (account: string, quotas: Quotas, why: string): Promise<AccountView> =>
      send(connection, {
        ...post(`${path(account)}/quotas${because(why)}`, quotas),
        method: "PUT",
        answer: accountView,
        hints,
      }),
    remove: (account: string, why: string) =>
      send(connection, {
        method: "DELETE",
        path: path(account) + because(why),
        answer: accountDeleted,
        hints,
      }),
    restore: (account: string, why: string): Promise<AccountView> =>
      send(connection, {
        ...post(`${path(account)}/restore${because(why)}`, {}),
        answer: accountView,
        hints,
      }),
  };

  /** All of them, by name. */
  async function list(): Promise<v.InferOutput<typeof accountList>["accounts"]> {
    const accounts = [];
    for (let after: string | null = ""; after !== null;) {
      const query = new URLSearchParams({ after }).toString();
      const page: v.InferOutput<typeof accountList> = await send(
        connection,
        get(`/api/v1/accounts?${query}`, accountList),
      );
      accounts.push(...page.accounts);
      after = page.next;
    }
    return accounts;
  }
}
