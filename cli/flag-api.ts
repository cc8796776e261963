// The control API's part about flags, as typed functions. Every change but the kill
// is made against a revision.
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
  type plainActions,
} from "#src/admin/flag-contract.ts";
import { send, type Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import { get, post } from "./requests.ts";

export type MoveName = (typeof plainActions)[number] | "ramp";

/** How a change is to be made. */
export type Change = {
  readonly key: string;
  readonly revision: number;
  readonly why: string;
  readonly dryRun: boolean;
};

const base = "/api/v1";

export function flagApi(connection: Connection) {
  const settings = settingsApi(connection);
  return { ...settings, list, show, create, amend, remove, move, kill, exportAll, importAll, plan };

  function list() {
    return send(connection, get(`${base}/flags`, flagList));
  }

  function show(key: string) {
    return send(connection, get(`${base}/flags/${key}`, flagDetail));
  }

  function create(key: string, document: unknown, change: Pick<Change, "why" | "dryRun">) {
    const path = `${base}/flags/${key}${queryOf(change)}`;
    return send(connection, { ...put(path, document), answer: flagChanged });
  }

  function amend(document: unknown, change: Change) {
    const call = put(`${base}/flags/${change.key}${queryOf(change)}`, document);
    const headers = { ...call.headers, ...against(change.revision) };
    return send(connection, { ...call, headers, answer: flagChanged });
  }

  function remove(change: Change) {
    const path = `${base}/flags/${change.key}${queryOf(change)}`;
    const headers = against(change.revision);
    return send(connection, { method: "DELETE", path, headers, answer: flagChanged });
  }

  function move(name: MoveName, change: Change, body?: { readonly sharePpm: number }) {
    const path = `${base}/flags/${change.key}/${name}${queryOf(change)}`;
    const call = body === undefined ? ({ method: "POST", path } as const) : post(path, body);
    const headers = { ...("headers" in call ? call.headers : {}), ...against(change.revision) };
    const names = { sharePpm: "<share>" };
    return send(connection, { ...call, headers, names, answer: flagChanged });
  }

  function kill(key: string | undefined, why: string) {
    const target = key === undefined ? "kill" : `flags/${key}/kill`;
    const path = `${base}/${target}?${new URLSearchParams({ why }).toString()}`;
    return send(connection, { method: "POST", path, answer: killed });
  }

  function exportAll() {
    return send(connection, get(`${base}/flags.flagd.json`, flagdFile));
  }

  function importAll(body: Uint8Array, change: Pick<Change, "why" | "dryRun">) {
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

  function setPolicy(document: unknown, { revision, why }: Pick<Change, "revision" | "why">) {
    const call = put(`${base}/policy${queryOf({ why, dryRun: false })}`, document);
    const headers = { ...call.headers, ...against(revision) };
    return send(connection, { ...call, headers, answer: policyView });
  }

  async function audit(query: Readonly<Record<string, string>>) {
    const path = `${base}/audit?${new URLSearchParams(query).toString()}`;
    return (await send(connection, get(path, auditList))).entries;
  }

  function preview(document: unknown) {
    return send(connection, { ...post(`${base}/preview`, document), answer: previewView });
  }
}

function put(path: string, document: unknown): Omit<Call<never>, "answer"> {
  return { ...post(path, document), method: "PUT" };
}

function against(revision: number): Readonly<Record<string, string>> {
  return { "if-match": `"${revision}"` };
}

function queryOf({ why, dryRun }: Pick<Change, "why" | "dryRun">): string {
  const query = { ...(why !== "" && { why }), ...(dryRun && { dryRun: "true" }) };
  return Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query).toString()}`;
}
