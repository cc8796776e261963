// Every change that the control API was asked for, in the audit log: also those
// that were refused. A reason that the log could not keep whole refuses its change. Of flags the Registry keeps the log itself, with what was before
// and after; here is noted what did not get through to it.
import { createMiddleware } from "hono/factory";
import { addressOf, type Variables } from "./context.ts";
import { longestWhy, reasonQuery } from "./contract.ts";
import { refuse } from "./problem.ts";
import { checkShape } from "./read-body.ts";

const reading = new Set(["GET", "HEAD", "OPTIONS"]);
// Asked with POST for the sake of their bodies; they change nothing.
const asking = new Set(["/api/v1/plan", "/api/v1/preview"]);
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
  const last = path.slice(path.lastIndexOf("/") + 1);
  const { registry, report } = context.get("services");
  const entry = {
    who: context.get("principal").name,
    why: (context.req.query("why") ?? "").slice(0, longestWhy),
    from: addressOf(context),
    action: flag?.[1] === undefined || flag[1] === last ? method : `${method} ${last}`,
    target: (flag?.[1] ?? path).slice(0, longestPath),
    outcome: status < 400 ? "done" : `refused with ${status}`,
  };
  const note = registry().note(entry);
  context
    .get("background")
    .waitUntil(note.catch((error: unknown) => report("audit_failed", { ...entry, error })));
});
