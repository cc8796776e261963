// Every change that the control API was asked for, in the audit log: also those
// that were refused. Changes of flags that were made note themselves, with what was
// before and after.
import { createMiddleware } from "hono/factory";
import type { Variables } from "./context.ts";

const reading = new Set(["GET", "HEAD", "OPTIONS"]);
// Asked with POST for the sake of their bodies; they change nothing.
const asking = /\/(?:plan|preview)$/;
const noted = /^\/api\/v1\/(?:flags|flags\.flagd\.json|kill|policy)(?:\/|$)/;
const longestPath = 256;

/** Notes a change after it was answered; nobody waits for the note. */
export const auditTrail = createMiddleware<{ Variables: Variables }>(async (context, next) => {
  await next();
  const { method, path } = context.req;
  if (reading.has(method) || asking.test(path)) return;
  const { status } = context.res;
  if (status < 400 && noted.test(path)) return;
  const { registry, report } = context.get("services");
  const entry = {
    who: context.get("principal").name,
    why: "",
    action: method,
    target: path.slice(0, longestPath),
    outcome: status < 400 ? "done" : `refused with ${status}`,
  };
  const note = registry().note(entry);
  context
    .get("background")
    .waitUntil(note.catch((error: unknown) => report("audit_failed", { ...entry, error })));
});
