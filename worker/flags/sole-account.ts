// The one account that an audience can hold, told from how it is written. What it does not
// recognise is everybody's: it never says an account where another could be in the audience.
import type { Rollout } from "./rollout.ts";

/** The account that the flag's audience is limited to; null where it may hold another, or a request without one. */
function soleAccount({ audience }: Pick<Rollout, "audience">): string | null {
  return audience === undefined ? null : soleIn(audience);
}

/** Whether the flag is one of `account` alone; null stands for whoever may touch all. */
export function isFlagOf(rollout: Pick<Rollout, "audience">, account: string | null): boolean {
  return account === null || soleAccount(rollout) === account;
}

/** Whether no request of `account` can be in its audience, because it is another's. */
export function isForeign(rollout: Pick<Rollout, "audience">, account: string): boolean {
  const sole = soleAccount(rollout);
  return sole !== null && sole !== account;
}

/** Whether no request can be in both audiences. */
export function areOfTwoAccounts(
  left: Pick<Rollout, "audience">,
  right: Pick<Rollout, "audience">,
): boolean {
  const [one, other] = [soleAccount(left), soleAccount(right)];
  return one !== null && other !== null && one !== other;
}

function soleIn(logic: unknown): string | null {
  if (typeof logic !== "object" || logic === null) return null;
  const [operation, ...more] = Object.entries(logic);
  if (operation === undefined || more.length > 0) return null;
  const [name, operands] = operation as [string, unknown];
  if (!Array.isArray(operands)) return null;
  switch (name) {
    case "==":
    case "===":
      return operands.length === 2 ? soleInEquality(operands) : null;
    case "in":
      return operands.length === 2 && isAccount(operands[0]) ? soleInList(operands[1]) : null;
    case "and":
      return operands.map(soleIn).find((account) => account !== null) ?? null;
    default:
      return null;
  }
}

function soleInEquality([left, right]: readonly unknown[]): string | null {
  if (isAccount(left)) return nameIn(right);
  return isAccount(right) ? nameIn(left) : null;
}

/** Of a list alone: in a text, `in` looks for a part of it. */
function soleInList(list: unknown): string | null {
  return Array.isArray(list) && list.length === 1 ? nameIn(list[0]) : null;
}

function nameIn(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** `{"var": "account"}`, without a default that would stand for an account where there is none. */
function isAccount(logic: unknown): boolean {
  if (typeof logic !== "object" || logic === null || Object.keys(logic).length !== 1) return false;
  const { var: path } = logic as { readonly var?: unknown };
  return path === "account" || (Array.isArray(path) && path.length === 1 && path[0] === "account");
}
