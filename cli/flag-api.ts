// The control API's part about flags, as typed functions. Every change but the kill
// is made against a revision.
import { isDeepStrictEqual } from "node:util";
import type { InferOutput } from "valibot";
import {
  auditList,
  flagChanged,
  flagDetail,
  flagList,
  flagdFile,
  imported,
  killed,
  planView,
  policyView,
  previewView,
  type policyBody,
  type FlagChangedView,
  type FlagView,
  type plainActions,
} from "#src/admin/flag-contract.ts";
import { guardrailsView, verdictList, verdictView } from "#src/admin/verdict-contract.ts";
import { send, type Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import type { Failure } from "./failure.ts";
import { madeBefore, movedBefore, removedBefore } from "./lost-answer.ts";
import { isRefusal } from "./refusal.ts";
import { get, post } from "./requests.ts";

export type MoveName = (typeof plainActions)[number] | "ramp";

type Change = {
  readonly why: string;
  readonly dryRun: boolean;
};

/** One step of a flag, against a revision. */
export type Move = {
  readonly name: MoveName;
  readonly key: string;
  readonly revision: number;
  readonly why: string;
  /** Of a ramp. */
  readonly body?: { readonly sharePpm: number } | undefined;
};

const base = "/api/v1";

export function flagApi(connection: Connection) {
  const settings = settingsApi(connection);
  return {
    ...settings,
    ...judgeApi(connection),
    list,
    show,
    create,
    remove,
    foretell,
    carryOut,
    kill,
    exportAll,
    importAll,
    plan,
  };

  function list() {
    return send(connection, get(`${base}/flags`, flagList));
  }

  function show(key: string) {
    return send(connection, get(`${base}/flags/${key}`, flagDetail));
  }

  function create(key: string, chosen: object, change: Change) {
    const path = `${base}/flags/${key}${queryOf(change)}`;
    const hints = { "flag-exists": `\`aviary flag show ${key}\` shows it. Take another key.` };
    const recover = (refusal: Failure) => madeBefore(refusal, { key, plan: chosen, list });
    return send(connection, { ...put(path, chosen), hints, recover, answer: flagChanged });
  }

  /** Deletes `before`. */
  function remove(before: FlagView, change: Change) {
    const { key, revision } = before;
    return send(connection, {
      method: "DELETE",
      path: `${base}/flags/${key}${queryOf(change)}`,
      headers: against(revision),
      hints: staleHint(key),
      recover: (refusal) => removedBefore(refusal, { before, list }),
      answer: flagChanged,
    });
  }

  /** Says what a move would do. */
  function foretell(move: Move): Promise<FlagChangedView> {
    return send(connection, moveCall(move, true));
  }

  /** Makes the move that was foretold. */
  function carryOut(move: Move, foretold: FlagChangedView): Promise<FlagChangedView> {
    const recover = (refusal: Failure) => movedBefore(refusal, { foretold, list });
    return send(connection, { ...moveCall(move, false), recover });
  }

  function kill(key: string | undefined, change: Change) {
    const target = key === undefined ? "kill" : `flags/${key}/kill`;
    const path = `${base}/${target}${queryOf(change)}`;
    return send(connection, { method: "POST", path, answer: killed });
  }

  function exportAll() {
    return send(connection, get(`${base}/flags.flagd.json`, flagdFile));
  }

  function importAll(body: Uint8Array, change: Change) {
    return send(connection, {
      method: "PUT",
      path: `${base}/flags.flagd.json${queryOf(change)}`,
      headers: { "content-type": "application/json" },
      body,
      names: { body: "<file>" },
      answer: imported,
    });
  }

  function plan(document: unknown) {
    return send(connection, { ...post(`${base}/plan`, document), answer: planView });
  }
}

function settingsApi(connection: Connection) {
  return { policy, setPolicy, audit, preview };

  function policy() {
    return send(connection, get(`${base}/policy`, policyView));
  }

  function setPolicy(wanted: Wanted, { revision, why }: Pick<Move, "revision" | "why">) {
    const call = put(`${base}/policy${queryOf({ why, dryRun: false })}`, wanted);
    const headers = { ...call.headers, ...against(revision) };
    const hints = { "stale-revision": "`aviary policy show` shows it as it is now." };
    return send(connection, { ...call, headers, hints, recover, answer: policyView });

    async function recover(refusal: Failure) {
      const { revision: now, ...policyNow } = await policy();
      if (!isRefusal(refusal, "stale-revision") || !isDeepStrictEqual(policyNow, wanted)) {
        throw refusal;
      }
      return { ...policyNow, revision: now };
    }
  }

  async function audit(query: Readonly<Record<string, string>>) {
    const path = `${base}/audit?${new URLSearchParams(query).toString()}`;
    return send(connection, get(path, auditList));
  }

  function preview(document: { readonly arms: object; readonly minutes: number }) {
    const flags = Object.keys(document.arms);
    const names = Object.fromEntries(flags.map((flag) => [`arms.${flag}`, `${flag}:`]));
    return send(connection, { ...post(`${base}/preview`, document), names, answer: previewView });
  }
}

function judgeApi(connection: Connection) {
  type Query = Readonly<Record<string, string>>;
  const path = (key: string, what: string, query: Query = {}) =>
    `${base}/flags/${key}/${what}?${new URLSearchParams(query).toString()}`;
  return {
    verdict: (key: string, query: Query) =>
      send(connection, get(path(key, "verdict", query), verdictView)),
    verdicts: (key: string, query: Query) =>
      send(connection, get(path(key, "verdicts", query), verdictList)),
    guardrails: (key: string) => send(connection, get(path(key, "guardrails"), guardrailsView)),
  };
}

type Wanted = InferOutput<typeof policyBody>;

function moveCall({ name, key, revision, why, body }: Move, dryRun: boolean) {
  const path = `${base}/flags/${key}/${name}${queryOf({ why, dryRun })}`;
  const call = body === undefined ? ({ method: "POST", path } as const) : post(path, body);
  const headers = { ...("headers" in call ? call.headers : {}), ...against(revision) };
  const names = { sharePpm: "<share>" };
  return { ...call, headers, names, hints: staleHint(key), answer: flagChanged };
}

function staleHint(key: string): Readonly<Record<string, string>> {
  const hint = `\`aviary flag show ${key}\` shows it as it is now, \`aviary audit --flag ${key}\` who changed it. Then try again.`;
  return { "stale-revision": hint };
}

function put(path: string, document: unknown): Omit<Call<never>, "answer"> {
  return { ...post(path, document), method: "PUT" };
}

function against(revision: number): Readonly<Record<string, string>> {
  return { "if-match": `"${revision}"` };
}

function queryOf({ why, dryRun }: Change): string {
  const query = { ...(why !== "" && { why }), ...(dryRun && { dryRun: "true" }) };
  return Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query).toString()}`;
}
