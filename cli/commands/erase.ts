// aviary erase: takes away what is known of an account, a session or a span of time, store by
// store. It counts first and asks; what it cannot reach it names.
import type * as v from "valibot";
import type { erasureBody, erasureStores } from "#src/admin/erasure-contract.ts";
import { defineAction } from "../action.ts";
import { checkId, checkSession, checkTime } from "../checks.ts";
import { Failure, usageFailure } from "../failure.ts";
import { counted, harmless } from "../format.ts";
import { paint } from "../paint.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";

type Sought = v.InferOutput<typeof erasureBody>;
type Store = v.InferOutput<typeof erasureStores>["stores"][number];
type Result = { readonly store: string; readonly matched: number; readonly erased: number };

export const erase = defineAction({
  description: "Erase what is known of an account, a session or a span of time",
  args: {
    account: { type: "string", valueHint: "id", description: "Events of this account alone" },
    session: {
      type: "string",
      valueHint: "id",
      description: "Events of this session alone, 32 hex digits",
    },
    from: {
      type: "string",
      valueHint: "time",
      description: "Events from this moment on, RFC 3339",
    },
    to: { type: "string", valueHint: "time", description: "Events before this moment" },
    "dry-run": { type: "boolean", description: "Count, and erase nothing" },
    yes: { type: "boolean", description: "Do not ask" },
    why: { type: "string", valueHint: "text", description: "For the audit log" },
  },
  examples: [
    "aviary erase --session 00112233445566778899aabbccddeeff --dry-run",
    "aviary erase --account acme --why 'contract ended' --yes",
    "aviary erase --from 2026-11-01T00:00Z --to 2026-11-02T00:00Z",
  ],
  remarks: [
    "What is given must all be so of an event. It may be stopped and run again: it goes on with what is left.",
    "Events on their way are kept for up to four hours: run it again after that. Where a store fails, it ends with 5.",
  ],
  async run({ values, session }) {
    const sought = soughtIn(values);
    const stores = await session.api.erasures.stores();
    const beyond = stores.filter(({ canErase }) => !canErase);
    const within = stores.filter(({ canErase }) => canErase);
    const failures: string[] = [];
    const dry = { sought, isDry: true, failures };
    const counts = await each(within, (store) => walk(store, dry, session));
    const total = counts.reduce((sum, { matched }) => sum + matched, 0);
    const outOfReach = beyond.map(({ name, detail }) => ({ name, why: detail }));
    if (values["dry-run"] === true || total === 0) {
      failOn(failures, counts);
      return { json: { dryRun: true, stores: counts, outOfReach }, text: told(counts, beyond) };
    }
    if (values.yes !== true) {
      if (session.isJson) throw usageFailure("--json needs --yes or --dry-run");
      session.note(told(counts, beyond));
      const isMeant = await session.confirm(
        `Erase ${counted(total, "event or line", "events and lines")}?`,
      );
      if (!isMeant) throw usageFailure("nothing was erased");
    }
    const why = values.why ?? "";
    const real = { sought, isDry: false, why, failures: [] };
    const done = await each(within, (store) => walk(store, real, session));
    failOn(real.failures, done);
    return { json: { dryRun: false, stores: done, outOfReach }, text: told(done, beyond) };
  },
});

type Values = {
  readonly account?: string | undefined;
  readonly session?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
};

function soughtIn({ account, session, from, to }: Values): Sought {
  if ((account ?? session ?? from ?? to) === undefined) {
    throw usageFailure("erase what? Give --account, --session, or --from and --to");
  }
  if ((from === undefined) !== (to === undefined))
    throw usageFailure("--from and --to go together");
  return {
    ...(account !== undefined && { account: checkId("--account", account) }),
    ...(session !== undefined && { sessionId: checkSession("--session", session) }),
    ...(from !== undefined && { from: checkTime("--from", from) }),
    ...(to !== undefined && { to: checkTime("--to", to) }),
  };
}

async function each(
  stores: readonly Store[],
  work: (store: Store) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const store of stores) results.push(await work(store));
  return results;
}

function failOn(failures: readonly string[], results: readonly Result[]): void {
  if (failures.length === 0) return;
  const erased = results.reduce((sum, one) => sum + one.erased, 0);
  const hint = `${counted(erased, "event or line", "events and lines")} erased elsewhere. Run it again: it goes on with what is left.`;
  throw new Failure("unavailable", failures.join("; "), { hint });
}

type Walk = {
  readonly sought: Sought;
  readonly isDry: boolean;
  readonly why?: string;
  /** Takes what could not be erased: what is behind it still is. */
  readonly failures: string[];
};

/** All steps of one store. */
async function walk(
  { name: store }: Store,
  { sought, isDry, why = "", failures }: Walk,
  session: Session,
): Promise<Result> {
  const sum = { store, matched: 0, erased: 0 };
  let after: string | undefined;
  for (;;) {
    const query = {
      store,
      dryRun: String(isDry),
      ...(after !== undefined && { after }),
      ...(why !== "" && { why }),
    };
    const step = await session.api.erasures.step(sought, query);
    sum.matched += step.matched;
    sum.erased += step.erased;
    if (step.failure !== null) failures.push(`${store}: ${harmless(step.failure)}`);
    if (step.next === null) return sum;
    after = step.next;
    session.note(`${store}: ${isDry ? sum.matched : sum.erased} ${isDry ? "found" : "erased"}`);
  }
}

function told(results: readonly Result[], beyond: readonly Store[]): string {
  const rows = results.map(({ store, matched, erased }) => [
    harmless(store),
    String(matched),
    String(erased),
  ]);
  const reached = table(["STORE", "FOUND", "ERASED"], rows);
  const lines = beyond.map(({ name, detail }) => {
    return `${paint("yellow", "!")} ${harmless(name)} is out of reach: ${harmless(detail)}`;
  });
  return [reached, ...lines].join("\n");
}
