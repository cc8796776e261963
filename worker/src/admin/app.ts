// The control API: routes, authentication, and the answer to everything unexpected.
import { Hono } from "hono";
import type { Background } from "#src/adapters/background.ts";
import { originOf } from "#src/adapters/store-fault.ts";
import type { Told } from "#src/delivery/publish-step.ts";
import type { Services } from "#src/services.ts";
import { deleteAccount, listAccounts, putQuotas, restoreAccount, showAccount } from "./accounts.ts";
import { auditTrail } from "./audit-trail.ts";
import { authenticate, authorize, noteUse } from "./auth.ts";
import {
  listBeacons,
  publishBeacon,
  putBeaconPolicy,
  showBeacon,
  showBeaconPolicy,
} from "./beacons.ts";
import type { Variables } from "./context.ts";
import { expiryWarningMs, limits, tokenExpiresField } from "./contract.ts";
import { datafileHandlers, publishDatafile } from "./datafiles.ts";
import { listEngines, publishEngine, showEngine } from "./engines.ts";
import { eraseStep, listErasureStores } from "./erasures.ts";
import { methodsAt } from "./endpoints.ts";
import {
  deleteFlag,
  killFlags,
  listFlags,
  moveFlag,
  putFlag,
  rampFlag,
  showFlag,
} from "./flags.ts";
import { exportFlags, importFlags, listAudit, putPolicy, showPolicy } from "./flag-settings.ts";
import openapi from "./openapi.json" with { type: "json" };
import { putShards, showPipeline } from "./pipeline.ts";
import { showPlan, signPreview } from "./plan.ts";
import { refuse } from "./problem.ts";
import { wantsProgress, withProgress } from "./progress.ts";
import { listSinks, pauseSink, replaySink, testSink } from "./sinks.ts";
import { publishSnippet, snippetHandlers, withdrawRelease } from "./snippets.ts";
import { listVerdicts, showGuardrails, showVerdict } from "./verdicts.ts";
import { showStatus } from "./status.ts";
import { createToken, listTokens, revokeToken } from "./tokens.ts";

export type ControlRequest = {
  readonly request: Request;
  readonly services: Services;
  readonly background: Background;
  /** Tells the client what a publish is at; absent where it does not want to know. */
  readonly told?: Told;
};

/** Answers a request under /api. Never rejects. */
export async function handleControl(wanted: ControlRequest): Promise<Response> {
  const response = wantsProgress(wanted.request)
    ? await withProgress((told) => answer({ ...wanted, told }), wanted.background)
    : await answer(wanted);
  response.headers.set("x-content-type-options", "nosniff");
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
  return wanted.request.method === "HEAD" ? new Response(null, response) : response;
}

async function answer(wanted: ControlRequest): Promise<Response> {
  const response = await app.fetch(wanted.request, wanted);
  await drain(wanted.request);
  return response;
}

// A refusal sent before the upload was read would be lost with the connection.
async function drain(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed) return;
  let bytes = 0;
  try {
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > limits.engine) return;
    }
  } catch {
    // The sender is gone, and with it whoever would have read the answer.
  }
}

const app = new Hono<{ Bindings: ControlRequest; Variables: Variables }>()
  .basePath("/api/v1")
  .get("/openapi.json", (context) => context.json(openapi));

app.use(async (context, next) => {
  const { services, background } = context.env;
  if (!services.control.open) return refuse({ reason: "control_closed" });
  const principal = await authenticate(context.req.raw.headers, services);
  if (!principal.ok) return refuse(principal.error);
  noteUse(principal.value, services, background);
  // Not even in the audit log: whoever sees a page has its token.
  const permitted = authorize(principal.value, "read", principal.value.account);
  if (!permitted.ok) return refuse(permitted.error);
  context.set("services", services);
  context.set("background", background);
  context.set("told", context.env.told);
  context.set("principal", principal.value);
  await next();
  const { expiresAtMs } = principal.value;
  if (expiresAtMs !== null && expiresAtMs - services.now() < expiryWarningMs) {
    context.res.headers.set(tokenExpiresField, new Date(expiresAtMs).toISOString());
  }
  return undefined;
});

app.use(auditTrail);

app.get("/status", showStatus);
app.get("/pipeline", showPipeline);
app.put("/pipeline/shards", putShards);

app.get("/engines", listEngines);
app.get("/engines/:version", showEngine);
app.put("/engines/:version", publishEngine);

app.get("/beacons", listBeacons);
app.get("/beacons/:version", showBeacon);
app.put("/beacons/:version", publishBeacon);
app.get("/beacon-policy", showBeaconPolicy);
app.put("/beacon-policy", putBeaconPolicy);

app.get("/snippets", snippetHandlers.list);
app.get("/snippets/:id", snippetHandlers.show);
app.put("/snippets/:id", publishSnippet);
app.get("/snippets/:id/history", snippetHandlers.history);
app.post("/snippets/:id/rollback", snippetHandlers.rollBack);
app.post("/snippets/:id/withdraw", withdrawRelease(true));
app.post("/snippets/:id/restore", withdrawRelease(false));
app.delete("/snippets/:id", snippetHandlers.remove);

app.get("/datafiles", datafileHandlers.list);
app.get("/datafiles/:id", datafileHandlers.show);
app.put("/datafiles/:id", publishDatafile);
app.get("/datafiles/:id/history", datafileHandlers.history);
app.post("/datafiles/:id/rollback", datafileHandlers.rollBack);
app.delete("/datafiles/:id", datafileHandlers.remove);

app.get("/accounts", listAccounts);
app.get("/accounts/:account", showAccount);
app.put("/accounts/:account/quotas", putQuotas);
app.delete("/accounts/:account", deleteAccount);
app.post("/accounts/:account/restore", restoreAccount);

app.get("/tokens", listTokens);
app.post("/tokens", createToken);
app.delete("/tokens/:id", revokeToken);

app.get("/flags", listFlags);
app.get("/flags/:key", showFlag);
app.get("/flags/:key/verdict", showVerdict);
app.get("/flags/:key/verdicts", listVerdicts);
app.get("/flags/:key/guardrails", showGuardrails);
app.put("/flags/:key", putFlag);
app.delete("/flags/:key", deleteFlag);
app.post("/flags/:key/ramp", rampFlag);
app.post("/flags/:key/advance", moveFlag("advance"));
app.post("/flags/:key/hold", moveFlag("hold"));
app.post("/flags/:key/resume", moveFlag("resume"));
app.post("/flags/:key/rollback", moveFlag("rollback"));
app.post("/flags/:key/promote", moveFlag("promote"));
app.post("/flags/:key/revive", moveFlag("revive"));
app.post("/flags/:key/kill", killFlags);
app.post("/kill", killFlags);
app.get("/flags.flagd.json", exportFlags);
app.put("/flags.flagd.json", importFlags);
app.get("/policy", showPolicy);
app.put("/policy", putPolicy);
app.get("/audit", listAudit);
app.post("/plan", showPlan);
app.post("/preview", signPreview);

app.get("/erasures/stores", listErasureStores);
app.post("/erasures", eraseStep);

app.get("/sinks", listSinks);
app.post("/sinks/:name/test", testSink);
app.post("/sinks/:name/pause", pauseSink(true));
app.post("/sinks/:name/resume", pauseSink(false));
app.post("/sinks/:name/replay", replaySink);

app.notFound((context) => {
  const { pathname } = new URL(context.req.url);
  const methods = methodsAt(pathname.slice("/api/v1".length));
  if (methods.length > 0) return refuse({ reason: "method_not_allowed", methods });
  return refuse({ reason: "unknown_id", kind: "path", id: pathname });
});

app.onError((error, context) => {
  const { services, request } = context.env;
  services.report("control_failed", {
    method: request.method,
    path: new URL(request.url).pathname,
    error,
  });
  return refuse(originOf(error));
});
