// Every change that the control API was asked for, in the audit log: also those that were
// refused, except for paths that there are not, which are only counted. A reason that the log
// could not keep whole refuses its change. Of flags the Registry keeps the log itself, with what
// was before and after; here is noted what did not get through to it.
import { createMiddleware } from "hono/factory";
import { redacted } from "#base/redacted.ts";
import { addressOf, type Audited, type Variables } from "./context.ts";
import { longestWhy, reasonQuery } from "./contract.ts";
import { methodsAt } from "./endpoints.ts";
import { refuse } from "./problem.ts";
import { checkShape } from "./read-body.ts";

const reading = new Set(["GET", "HEAD", "OPTIONS"]);
// Asked with POST for the sake of their bodies; they change nothing.
const asking = new Set(["/api/v1/plan"]);
const ofFlags = /^\/api\/v1\/(?:flags|flags\.flagd\.json|kill|policy)(?:\/([^/]+))?(?:\/|$)/;
const longestPath = 256;
const forbidden = 403;

/** Notes a change after it was answered; nobody waits for the note. */
export const auditTrail = createMiddleware<{ Variables: Variables }>(async (context, next) => {
  const { method, path } = context.req;
  if (reading.has(method) || asking.has(path)) return next();
  const reason = checkShape(context.req.query(), reasonQuery);
  if (reason.ok) await next();
  else context.res = refuse(reason.error);
  const { status } = context.res;
  if (context.get("isLogged") === true) return;
  const flag = ofFlags.exec(path);
  // Nothing but flags knows dry runs: elsewhere the word changes nothing.
  const isDry = flag !== null && context.req.query("dryRun") === "true";
  if (isDry && status !== forbidden) return;
  const { registry, report } = context.get("services");
  const { name: who, actor } = context.get("principal");
  const background = context.get("background");
  const isKnown = methodsAt(path.slice("/api/v1".length)).includes(method);
  if (!isKnown) {
    const counted = registry().noteUnknownPath(actor);
    background.waitUntil(
      counted.catch((error: unknown) => report("audit_failed", { actor, error })),
    );
    return;
  }
  const last = path.slice(path.lastIndexOf("/") + 1);
  const written = {
    action: flag?.[1] === undefined || flag[1] === last ? method : `${method} ${last}`,
    // In whatever way it is written: a token in it is cut down to its id.
    lines: [{ target: redacted(decoded(flag?.[1] ?? path)).slice(0, longestPath) }],
  };
  const { action, lines }: Audited = (status < 400 ? context.get("audited") : undefined) ?? written;
  const common = {
    who,
    actor,
    why: redacted(context.req.query("why") ?? "").slice(0, longestWhy),
    from: addressOf(context),
    action,
    outcome: status < 400 ? "done" : `refused with ${status}`,
  };
  for (const { target, after = null } of lines) {
    const entry = { ...common, target, after };
    const note = registry().note(entry);
    background.waitUntil(
      note.catch((error: unknown) => report("audit_failed", { ...entry, error })),
    );
  }
});

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
