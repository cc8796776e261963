// PUT /api/v1/datafiles/{id}: the JSON that an SDK polls, open or behind tokens.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { sha256 } from "#src/adapters/digest.ts";
import type { DatafilePointer } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { permit, type AdminContext } from "./context.ts";
import { accessTokenSchema, limits, maxAccessTokens, publishDatafileQuery } from "./contract.ts";
import { answerMove, checkId, expectedRevision, pointerHandlers } from "./pointers.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkJson, checkShape, readBody } from "./read-body.ts";
import { viewDatafile } from "./views.ts";

const view = (pointer: unknown): Record<string, unknown> =>
  viewDatafile(pointer as DatafilePointer);

/** list, show, history, rollBack. */
export const datafileHandlers = pointerHandlers("datafile", "datafiles", view);

/** Publishes the datafile in the body; idempotent. */
export async function publishDatafile(context: AdminContext): Promise<Response> {
  const id = checkId(context.req.param("id"));
  if (!id.ok) return refuse(id.error);
  const query = checkShape(context.req.query(), publishDatafileQuery);
  if (!query.ok) return refuse(query.error);
  const { account, candidate: isCandidate } = query.value;
  const permitted = permit(context, "publish", account);
  if (!permitted.ok) return refuse(permitted.error);
  const tokens = await accessTokensFrom(context.req.header(accessTokensField));
  if (!tokens.ok) return refuse(tokens.error);

  const project = context.get("services").projects(account);
  const current = await project.current("datafile", id.value);
  const expected = expectedRevision(context.req.raw, current);
  if (!expected.ok) return refuse(expected.error);
  const body = await readBody(context.req.raw, limits.datafile);
  if (!body.ok) return refuse(body.error);
  const json = checkJson(body.value);
  if (!json.ok) return refuse(json.error);

  const outcome = await project.publishDatafile({
    account,
    id: id.value,
    body: body.value,
    isCandidate,
    accessTokens: tokens.value,
    expected: expected.value,
    told: context.get("told"),
  });
  return answerMove(outcome, view);
}

const accessTokensField = "Aviary-Access-Tokens";

/**
 * Digests of the tokens in the field, which lists them with commas; `none` opens
 * the datafile to everybody; null, for "leave them", where the field is absent.
 */
async function accessTokensFrom(
  field: string | undefined,
): Promise<Result<readonly Digest[] | null, Refusal>> {
  if (field === undefined) return ok(null);
  if (field.trim() === "none") return ok([]);
  const tokens = field.split(",").map((token) => token.trim());
  const wrong = tokens.find((token) => !v.is(accessTokenSchema, token));
  if (wrong !== undefined || tokens.length > maxAccessTokens) {
    const detail = `must be 1 to ${maxAccessTokens} tokens of 16 to 256 visible ASCII characters, or none`;
    return err({ reason: "invalid", errors: [{ field: accessTokensField, detail }] });
  }
  return ok(await Promise.all(tokens.map(sha256)));
}
