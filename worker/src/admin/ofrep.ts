// OFREP, the OpenFeature Remote Evaluation Protocol 0.3: any OpenFeature client may
// ask what a flag resolves to. Answered from the snapshot in isolate memory, as
// flagd would answer for the exported file. A page may ask if its token names its
// origin; a token that is bound to an account asks as that account.
import { Hono } from "hono";
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { compileFlags, type CompiledFlags } from "#flags/compile.ts";
import { jsonObject } from "#flags/definition.ts";
import { isObject } from "#flags/logic/expression.ts";
import { evaluate } from "#flags/evaluate.ts";
import type { Resolution } from "#flags/resolution.ts";
import type { Plan } from "#flags/plan.ts";
import { isForeign } from "#flags/sole-account.ts";
import { exportFlagSet } from "#flags/snapshot.ts";
import { sha256 } from "#src/adapters/digest.ts";
import { originOf } from "#src/adapters/store-fault.ts";
import type { ControlRequest } from "./app.ts";
import { authenticate, authorize, noteUse } from "./auth.ts";
import { limits } from "./contract.ts";
import { faultText, refuse, type Refusal } from "./problem.ts";
import { readBody, textFrom } from "./read-body.ts";

const preflight = {
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers": "Authorization, X-API-Key, Content-Type, If-None-Match",
  "access-control-max-age": "86400",
};

/** Often enough to see a kill, and no more often than isolates do. */
const minPollingIntervalMs = 5_000;

type Context = { readonly [key: string]: unknown };

/** Answers a request under /ofrep. Never rejects. */
export async function handleOfrep(wanted: ControlRequest): Promise<Response> {
  const response = await app.fetch(wanted.request, wanted);
  response.headers.append("vary", "Origin");
  response.headers.set("access-control-expose-headers", "ETag");
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("cache-control", "no-store");
  return response;
}

type Asker = { readonly account: string | null };

const app = new Hono<{ Bindings: ControlRequest; Variables: { asker: Asker } }>().basePath(
  "/ofrep/v1",
);

// A preflight, or a refusal, may be seen by whichever page a token names.
app.use(async (context, next) => {
  const { request, services } = context.env;
  await next();
  const origin = request.headers.get("origin");
  if (origin === null) return;
  const isAllowed =
    context.get("asker") !== undefined ||
    (await services.evaluationOrigins.has(origin, services.now()));
  if (isAllowed) context.res.headers.set("access-control-allow-origin", origin);
});

app.options("*", () => new Response(null, { status: 204, headers: preflight }));

app.use(async (context, next) => {
  const { services } = context.env;
  if (!services.control.open) return refuse({ reason: "control_closed" });
  const asker = await permitAsking(context.env);
  if (!asker.ok) return refuse(asker.error);
  context.set("asker", asker.value);
  await next();
  return undefined;
});

app.post("/evaluate/flags/:key", async (context) => {
  const key = context.req.param("key");
  const asker = context.get("asker");
  const asked = await readContext(context.env.request);
  if (!asked.ok) return badAnswer(asked.error, key);
  const { flags, isHidden } = await currentFlags(context.env, asker);
  const subject = subjectOf(asked.value, asker, context.env.services.now());
  // Of what is another account's alone the answer is that of a key that nobody has.
  const resolution = evaluate(isHidden(key) ? noFlags : flags, key, subject);
  const { errorCode } = resolution;
  const status = errorCode === undefined ? 200 : errorCode === "FLAG_NOT_FOUND" ? 404 : 400;
  return Response.json(answerFor(key, resolution), { status });
});

app.post("/evaluate/flags", async (context) => {
  const asked = await readContext(context.env.request);
  if (!asked.ok) return badAnswer(asked.error);
  const asker = context.get("asker");
  const { flags, isHidden } = await currentFlags(context.env, asker);
  const subject = subjectOf(asked.value, asker, context.env.services.now());
  const keys = [...flags.flags.keys()].filter((key) => !isHidden(key));
  const all = keys.map((key) => answerFor(key, evaluate(flags, key, subject)));
  const text = JSON.stringify({ flags: all, metadata: flags.metadata });
  // Over the answers: they differ where definitions or the context make a difference.
  const etag = `"${(await sha256(text)).slice(0, 32)}"`;
  const headers = { etag, "content-type": "application/json" };
  const known = context.req.header("if-none-match")?.includes(etag) ?? false;
  return known ? new Response(null, { status: 304, headers }) : new Response(text, { headers });
});

app.get("/configuration", () =>
  Response.json({
    name: "aviary",
    capabilities: {
      cacheInvalidation: { polling: { enabled: true, minPollingIntervalMs } },
      flagEvaluation: { supportedTypes: [] },
    },
  }),
);

app.notFound((context) => refuse({ reason: "unknown_id", kind: "path", id: context.req.path }));

app.onError((error, context) => {
  context.env.services.report("ofrep_failed", { path: context.req.path, error });
  const origin = originOf(error);
  const status = origin.reason === "internal" ? 500 : 503;
  return Response.json({ errorDetails: faultText(origin).join(". ") }, { status });
});

/** Who may ask. OFREP knows two places for a token. */
async function permitAsking({
  request,
  services,
  background,
}: ControlRequest): Promise<Result<Asker, Refusal>> {
  const apiKey = request.headers.get("x-api-key");
  const isBare = apiKey !== null && !request.headers.has("authorization");
  const headers = new Headers(request.headers);
  if (isBare) headers.set("authorization", `Bearer ${apiKey}`);
  const principal = await authenticate(headers, services);
  if (!principal.ok) return principal;
  noteUse(principal.value, services, background);
  const { account, origins } = principal.value;
  const origin = request.headers.get("origin");
  if (origin !== null && !origins.includes(origin))
    return err({ reason: "origin_refused", origin });
  const evaluating = authorize(principal.value, "evaluate", account);
  // Servers that read the control API may ask as well.
  if (evaluating.ok || authorize(principal.value, "read", account).ok) return ok({ account });
  return evaluating;
}

function subjectOf(context: Context, { account }: Asker, nowMs: number) {
  return { context: account === null ? context : { ...context, account }, nowMs };
}

type BadContext = {
  readonly reason: "bad_context";
  readonly errorCode: "PARSE_ERROR" | "INVALID_CONTEXT";
  readonly errorDetails: string;
};

async function readContext(request: Request): Promise<Result<Context, BadContext>> {
  const body = await readBody(request, limits.json);
  const text = body.ok ? textFrom(body.value) : body;
  if (!text.ok) return bad("PARSE_ERROR", detailOf(text.error));
  let document: unknown;
  try {
    document = JSON.parse(text.value);
  } catch {
    return bad("PARSE_ERROR", "body: is no JSON");
  }
  if (!isObject(document) || Array.isArray(document)) {
    return bad("PARSE_ERROR", "body: must be a JSON object");
  }
  const { context = {} } = document as { readonly context?: unknown };
  const checked = v.safeParse(contextSchema, context);
  if (checked.success) return ok(checked.output);
  return bad("INVALID_CONTEXT", "context: must be an object that is not nested too deeply");
}

// Spelled out: inferred, the type of nested JSON has no end.
const contextSchema: v.GenericSchema<unknown, Context> = jsonObject;

function bad(errorCode: BadContext["errorCode"], errorDetails: string): Result<never, BadContext> {
  return err({ reason: "bad_context", errorCode, errorDetails });
}

function badAnswer({ errorCode, errorDetails }: BadContext, key?: string): Response {
  const named = key === undefined ? {} : { key };
  return Response.json({ ...named, errorCode, errorDetails }, { status: 400 });
}

function detailOf(refusal: Refusal): string {
  if (refusal.reason === "too_large") return `body: must be at most ${refusal.limit} bytes`;
  return refusal.reason === "truncated" ? `body: ${refusal.detail}` : "body: must be UTF-8";
}

function answerFor(key: string, resolution: Resolution): Record<string, unknown> {
  const { value, variant, reason, errorCode, errorMessage, flagMetadata } = resolution;
  if (errorCode !== undefined) return { key, errorCode, errorDetails: errorMessage };
  return { key, value, variant, reason, metadata: flagMetadata };
}

const noFlags = compileFlags({ flags: {} });

// One for each epoch that is still held by somebody: a pointer that moves makes a new
// snapshot many times a minute, of the same flags.
const compiled = new WeakMap<Plan, CompiledFlags>();

type SeenFlags = {
  readonly flags: CompiledFlags;
  /** Whether a flag is another account's alone. */
  readonly isHidden: (key: string) => boolean;
};

async function currentFlags(
  { services, background }: ControlRequest,
  { account }: Asker,
): Promise<SeenFlags> {
  const { plan, snapshot } = await services.snapshots.current({
    nowMs: services.now(),
    background,
  });
  const flags = compiled.get(plan) ?? compileFlags(exportFlagSet(snapshot));
  compiled.set(plan, flags);
  if (account === null) return { flags, isHidden: () => false };
  const foreign = snapshot.rollouts.filter((each) => isForeign(each, account));
  const hidden = new Set(foreign.map(({ flag }) => flag));
  return { flags, isHidden: (key) => hidden.has(key) };
}
