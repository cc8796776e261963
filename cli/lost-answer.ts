// A change whose answer was lost is sent again, and refused: it was made already.
// Here what is there now is held against what was wanted, so that nobody is told
// that somebody else did what this command did.
import { isDeepStrictEqual } from "node:util";
import type { FlagChangedView, FlagView } from "#src/admin/flag-contract.ts";
import type { Failure } from "./failure.ts";
import { isRefusal } from "./refusal.ts";

type AllFlags = { readonly epoch: number; readonly flags: readonly FlagView[] };
type List = () => Promise<AllFlags>;

/** The flag as it was made; `refusal` is thrown where it is another one. */
export async function madeBefore(
  refusal: Failure,
  { key, plan, list }: { readonly key: string; readonly plan: object; readonly list: List },
): Promise<FlagChangedView> {
  if (!isRefusal(refusal, "flag-exists")) throw refusal;
  const { epoch, after } = await find(key, list);
  const isSame =
    after?.revision === 1 &&
    Object.entries(plan).every(([name, value]) => {
      return holds(after[name as keyof FlagView], value);
    });
  if (!isSame) throw refusal;
  return { dryRun: false, epoch, before: null, after, ...untold };
}

/** The change as its dry run foretold it; `refusal` is thrown where something else happened. */
export async function movedBefore(
  refusal: Failure,
  { foretold, list }: { readonly foretold: FlagChangedView; readonly list: List },
): Promise<FlagChangedView> {
  const wanted = foretold.after;
  if (!isRefusal(refusal, "stale-revision") || wanted === null) throw refusal;
  const { epoch, after } = await find(wanted.key, list);
  const isSame =
    after?.revision === wanted.revision &&
    after.state === wanted.state &&
    after.sharePpm === wanted.sharePpm;
  if (!isSame) throw refusal;
  return { ...foretold, dryRun: false, epoch, after };
}

/** That `before` is gone; `refusal` is thrown where it was refused for another reason. */
export async function removedBefore(
  refusal: Failure,
  { before, list }: { readonly before: FlagView; readonly list: List },
): Promise<FlagChangedView> {
  if (!isRefusal(refusal, "unknown-flag")) throw refusal;
  const { epoch } = await list();
  return { dryRun: false, epoch, before, after: null, ...untold };
}

const untold = { requestsPerMinute: null, reach: null, stagesAhead: [] };

/** Whether `actual` is what was wanted: members that were left out, the server has chosen. */
function holds(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const list: readonly unknown[] = Array.isArray(actual) ? actual : [];
    return list.length === wanted.length && wanted.every((each, at) => holds(list[at], each));
  }
  if (typeof wanted !== "object" || wanted === null) return isDeepStrictEqual(actual, wanted);
  if (typeof actual !== "object" || actual === null) return false;
  return Object.entries(wanted).every(([name, value]) =>
    holds((actual as Record<string, unknown>)[name], value),
  );
}

async function find(
  key: string,
  list: List,
): Promise<{ readonly epoch: number; readonly after: FlagView | null }> {
  const { epoch, flags } = await list();
  return { epoch, after: flags.find((flag) => flag.key === key) ?? null };
}
