// PUT /api/v1/snippets/{id}: a customer's payload, on the engine it names, the one
// it is on, or the newest, with a beacon chosen in the same way. A payload never changes
// a snippet's engine by itself.
import { err, ok, type Result } from "#base/result.ts";
import type { Engine } from "#src/adapters/registry.ts";
import type { SnippetPointer } from "#src/delivery/pointer.ts";
import type { Services } from "#src/services.ts";
import { permit, type AdminContext } from "./context.ts";
import { chooseBeacon } from "./choose-beacon.ts";
import { limits } from "./contract.ts";
import {
  answerMove,
  checkId,
  expectedNow,
  expectedRevision,
  findOwned,
  pointerHandlers,
} from "./pointers.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkJson, checkShape, readBody, readJson } from "./read-body.ts";
import { publishSnippetQuery, withdrawBody } from "./snippet-contract.ts";
import { viewSnippet } from "./views.ts";

const view = (pointer: unknown): Record<string, unknown> => viewSnippet(pointer as SnippetPointer);

/** list, show, history, rollBack. */
export const snippetHandlers = pointerHandlers("snippet", "snippets", view);

/** Publishes the payload in the body; idempotent. */
export async function publishSnippet(context: AdminContext): Promise<Response> {
  const id = checkId(context.req.param("id"));
  if (!id.ok) return refuse(id.error);
  const query = checkShape(context.req.query(), publishSnippetQuery);
  if (!query.ok) return refuse(query.error);
  const { account, engine: wantedEngine } = query.value;
  const permitted = permit(context, "publish", account);
  if (!permitted.ok) return refuse(permitted.error);

  const services = context.get("services");
  const project = services.projects(account);
  const current = (await project.current("snippet", id.value)) as SnippetPointer | null;
  const expected = expectedRevision(context.req.raw, current);
  if (!expected.ok) return refuse(expected.error);
  const body = await readBody(context.req.raw, limits.payload);
  if (!body.ok) return refuse(body.error);
  const json = checkJson(body.value);
  if (!json.ok) return refuse(json.error);
  const engine = await chooseEngine(services, wantedEngine, current);
  if (!engine.ok) return refuse(engine.error);
  const beacon = await chooseBeacon(services, query.value, current);
  if (!beacon.ok) return refuse(beacon.error);

  const { version, sha256 } = engine.value;
  const outcome = await project.publishSnippet({
    account,
    id: id.value,
    payload: body.value,
    engine: { version, sha256 },
    ...(beacon.value !== undefined && { beacon: beacon.value }),
    expected: expected.value,
    told: context.get("told"),
  });
  return answerMove(outcome, view);
}

/** POST /api/v1/snippets/{id}/withdraw and …/restore: whether one of its releases can be had. */
export function withdrawRelease(isWithdrawn: boolean) {
  return async (context: AdminContext): Promise<Response> => {
    const found = await findOwned(context, "snippet", "publish");
    if (!found.ok) return refuse(found.error);
    const expected = await expectedNow(context, "snippet", found.value);
    if (!expected.ok) return refuse(expected.error);
    const body = await readJson(context.req.raw, withdrawBody);
    if (!body.ok) return refuse(body.error);
    const { id, project } = found.value;
    const change = { id, release: body.value.release, isWithdrawn, expected: expected.value };
    return answerMove(await project.withdraw(change), view);
  };
}

async function chooseEngine(
  { registry }: Services,
  wanted: string | undefined,
  current: SnippetPointer | null,
): Promise<Result<Pick<Engine, "version" | "sha256">, Refusal>> {
  if (wanted === undefined && current !== null) return ok(current.content.engine);
  const version = wanted ?? (await registry().engines())[0]?.version;
  const engine = version === undefined ? null : await registry().engine(version);
  return engine === null ? err({ reason: "unknown_engine", version: version ?? null }) : ok(engine);
}
