// What snippets and datafiles have in common: they are read, published against a
// revision, and rolled back against one.
import type * as v from "valibot";
import { deletedView, type DeletedView } from "#src/admin/contract.ts";
import type { Call } from "./call.ts";
import { send } from "./call.ts";
import type { Connection } from "./connection.ts";
import { absent, get, post } from "./requests.ts";

/** The parts of a revision that every kind has. */
export type Revision = {
  readonly id: string;
  readonly account: string;
  readonly revision: number;
  readonly publishedAt: string;
};

type Kind<V extends Revision> = {
  readonly collection: "snippets" | "datafiles";
  readonly view: v.GenericSchema<unknown, V>;
  readonly moved: v.GenericSchema<unknown, V & { changed: boolean }>;
  readonly list: v.GenericSchema<unknown, readonly V[]>;
};

export type Upload = {
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly names: Readonly<Record<string, string>>;
};

export type PointerApi<V extends Revision> = ReturnType<typeof pointerApi<V>>;

/** The functions for one kind of pointer. */
export function pointerApi<V extends Revision>(connection: Connection, kind: Kind<V>) {
  const base = `/api/v1/${kind.collection}`;
  return { find, list, history, publish, rollBack, remove };

  /** The current revision, or null. */
  function find(id: string): Promise<V | null> {
    return send(connection, get(`${base}/${id}`, kind.view)).catch(absent);
  }

  function list(account: string): Promise<readonly V[]> {
    return send(connection, get(`${base}?account=${account}`, kind.list));
  }

  /** Newest first. */
  function history(id: string, limit: number): Promise<readonly V[]> {
    return send(connection, get(`${base}/${id}/history?limit=${limit}`, kind.list));
  }

  /** Publishes over `before`, the revision that was current; a conflict where it no longer is. */
  async function publish({ id, query, headers, body, names }: Upload): Promise<Moved<V>> {
    const before = await find(id);
    const call: Call<V & { changed: boolean }> = {
      method: "PUT",
      path: `${base}/${id}?${new URLSearchParams(query).toString()}`,
      headers: { "content-type": "application/json", ...headers, ...against(before) },
      body,
      label: `${kind.collection.slice(0, -1)} ${id}`,
      names: { ...names, id: "<id>", account: "--account" },
      answer: kind.moved,
    };
    return since(before, await send(connection, call));
  }

  /** Makes what `to` said the newest revision. */
  async function rollBack(before: V, to: number): Promise<Moved<V>> {
    const call = {
      ...post(`${base}/${before.id}/rollback`, { revision: to }),
      names: { revision: "--to" },
      answer: kind.moved,
    };
    const headers = { ...call.headers, ...against(before) };
    return since(before, await send(connection, { ...call, headers }));
  }

  /** Deletes an id, as it was at `before`; null for one that is deleted already. */
  function remove(
    id: string,
    before: Revision | null,
    { why, free }: { readonly why: string; readonly free: boolean },
  ): Promise<DeletedView> {
    const query = new URLSearchParams({ why, free: String(free) }).toString();
    return send(connection, {
      method: "DELETE",
      path: `${base}/${id}?${query}`,
      ...(before !== null && { headers: against(before) }),
      answer: deletedView,
    });
  }
}

/** The functions for what single releases of snippets know. */
export function releaseApi<V extends Revision>(
  connection: Connection,
  moved: v.GenericSchema<unknown, V & { changed: boolean }>,
) {
  const change =
    (action: "withdraw" | "restore") =>
    async (before: Revision, release: string, why: string): Promise<Moved<V>> => {
      const query = new URLSearchParams({ why }).toString();
      const call = post(`/api/v1/snippets/${before.id}/${action}?${query}`, { release });
      const headers = { ...call.headers, ...against(before) };
      const names = { release: "<release>" };
      return since(before, await send(connection, { ...call, headers, names, answer: moved }));
    };
  return { withdraw: change("withdraw"), restore: change("restore") };
}

/** A revision after a change, and the one before it. */
export type Moved<V> = V & { readonly changed: boolean; readonly previous: number | null };

// When an answer was lost, the server calls the second attempt no change. What
// counts for the user is whether it moved since the command began.
function since<V extends Revision>(before: Revision | null, after: V): Moved<V> {
  const previous = before?.revision ?? null;
  return { ...after, changed: after.revision !== previous, previous };
}

function against(before: Revision | null): Readonly<Record<string, string>> {
  return before === null ? { "if-none-match": "*" } : { "if-match": `"${before.revision}"` };
}
