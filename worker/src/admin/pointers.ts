// What snippets and datafiles have in common: who owns an id, which revision a
// change is made against, history, and the way back.
import type * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import type { Moved, MoveReject, ProjectRpc, UnknownId } from "#src/adapters/projects.ts";
import {
  isDeleted,
  type Pointer,
  type PointerKind,
  type Tombstone,
} from "#src/delivery/pointer.ts";
import { permit, permitOwn, type AdminContext } from "./context.ts";
import {
  deleteQuery,
  historyQuery,
  idSchema,
  listQuery,
  rollbackBody,
  type Scope,
} from "./contract.ts";
import { revisionIn } from "./flags.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkShape, readJson } from "./read-body.ts";
import { viewDeleted } from "./views.ts";

type View = (pointer: Pointer) => Record<string, unknown>;

/** Handlers for one kind of pointer. `plural` names the list in an answer. */
export function pointerHandlers(kind: PointerKind, plural: string, view: View) {
  return { list, show, history, rollBack, remove };

  async function list(context: AdminContext): Promise<Response> {
    const query = checkShape(context.req.query(), listQuery);
    if (!query.ok) return refuse(query.error);
    const { account } = query.value;
    const permitted = permit(context, "read", account);
    if (!permitted.ok) return refuse(permitted.error);
    const pointers = await context.get("services").projects(account).list(kind);
    return Response.json({ [plural]: pointers.map(view) });
  }

  async function show(context: AdminContext): Promise<Response> {
    const found = await findOwned(context, kind, "read");
    if (!found.ok) return refuse(found.error);
    const { id, project } = found.value;
    const current = await project.record(kind, id);
    if (current === null) return refuse({ reason: "unknown_id", kind, id });
    if (isDeleted(current)) return refuse(unknownNow(current));
    return withRevision(view(current), current, 200);
  }

  async function history(context: AdminContext): Promise<Response> {
    const query = checkShape(context.req.query(), historyQuery);
    if (!query.ok) return refuse(query.error);
    const found = await findOwned(context, kind, "read");
    if (!found.ok) return refuse(found.error);
    const { project, id } = found.value;
    const revisions = await project.history(kind, id, query.value.limit);
    return Response.json({ [plural]: revisions.map(view) });
  }

  async function rollBack(context: AdminContext): Promise<Response> {
    const found = await findOwned(context, kind, "publish");
    if (!found.ok) return refuse(found.error);
    const { project, id } = found.value;
    const expected = await expectedNow(context, kind, found.value);
    if (!expected.ok) return refuse(expected.error);
    const body = await readJson(context.req.raw, rollbackBody);
    if (!body.ok) return refuse(body.error);
    const request = { kind, id, to: body.value.revision, expected: expected.value };
    return answerMove(await project.rollBack(request), view);
  }

  async function remove(context: AdminContext): Promise<Response> {
    const query = checkShape(context.req.query(), deleteQuery);
    if (!query.ok) return refuse(query.error);
    const { free } = query.value;
    const found = await findOwned(context, kind, "publish");
    if (!found.ok) return refuse(found.error);
    // Pages go on asking for the id: who may have it next is for nobody bound to say.
    const permitted = free ? permit(context, "admin", null) : ok(null);
    if (!permitted.ok) return refuse(permitted.error);
    const expected = revisionIn(context);
    if (!expected.ok) return refuse(expected.error);
    const { project, id } = found.value;
    const deleted = await project.remove({ kind, id, expected: expected.value });
    if (!deleted.ok) return refuse(deleted.error);
    const given = free ? await project.giveUp(kind, id) : ok(null);
    if (!given.ok) return refuse(given.error);
    return Response.json(viewDeleted(deleted.value, free));
  }
}

/** The revision that a change of an id is made against; refused where there is none to change. */
export async function expectedNow(
  context: AdminContext,
  kind: PointerKind,
  { id, project }: Owned,
): Promise<Result<number, Refusal>> {
  const current = await project.record(kind, id);
  if (current === null) return err({ reason: "unknown_id", kind, id });
  if (isDeleted(current)) return err(unknownNow(current));
  return expectedRevision(context.req.raw, current);
}

function unknownNow({ kind, id, movedAtMs }: Tombstone): UnknownId {
  return { reason: "unknown_id", kind, id, deletedAtMs: movedAtMs };
}

/** The answer to a change: 200, or 201 for a first revision, or the refusal. */
export function answerMove(outcome: Result<Moved, MoveReject>, view: View): Response {
  if (!outcome.ok) return refuse(outcome.error);
  const { pointer, moved } = outcome.value;
  const status = moved && pointer.revision === 1 ? 201 : 200;
  return withRevision({ ...view(pointer), changed: moved }, pointer, status);
}

/**
 * The revision that a change is made against: the one in `If-Match` (`*` for any
 * there is), 0 for `If-None-Match: *`, else the one that was current when the request arrived, so
 * that of two changes at once only one wins.
 */
export function expectedRevision(
  request: Request,
  current: Pointer | null,
): Result<number, Refusal> {
  const field = request.headers.get("if-match");
  if (field === null) {
    return ok(request.headers.get("if-none-match") === "*" ? 0 : (current?.revision ?? 0));
  }
  if (field.trim() === "*") {
    return current === null ? err({ reason: "stale_revision", current: 0 }) : ok(current.revision);
  }
  const revision = /^"(\d{1,15})"$/.exec(field.trim())?.[1];
  if (revision !== undefined) return ok(Number(revision));
  const detail = 'must be one revision in quotes, as in "3"';
  return err({ reason: "invalid", errors: [{ field: "If-Match", detail }] });
}

export type Owned = { readonly id: string; readonly project: ProjectRpc };

/** The project that owns the id in the path, if the caller may do `scope` there. */
export async function findOwned(
  context: AdminContext,
  kind: PointerKind,
  scope: Scope,
): Promise<Result<Owned, Refusal>> {
  const checked = checkId(context.req.param("id"));
  if (!checked.ok) return checked;
  const id = checked.value;
  const permitted = permitOwn(context, scope);
  if (!permitted.ok) return permitted;
  const { value: bound } = permitted;
  const { registry, projects } = context.get("services");
  const account = await registry().owner(kind, id);
  // Nobody is told whether an id of another account is there.
  if (account === null || (bound !== null && account !== bound)) {
    return err({ reason: "unknown_id", kind, id });
  }
  return ok({ id, project: projects(account) });
}

/** The id in a path, checked; the error names the field `id`. */
export function checkId(id: string | undefined): Result<v.InferOutput<typeof idSchema>, Refusal> {
  const checked = checkShape(id, idSchema);
  if (checked.ok || checked.error.reason !== "invalid") return checked;
  const errors = checked.error.errors.map(({ detail }) => ({ field: "id", detail }));
  return err({ reason: "invalid", errors });
}

function withRevision(view: Record<string, unknown>, pointer: Pointer, status: number): Response {
  return Response.json(view, { status, headers: { etag: `"${pointer.revision}"` } });
}
