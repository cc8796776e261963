// OFREP, the OpenFeature Remote Evaluation Protocol 0.3: any OpenFeature client may
// ask what a flag resolves to. Answered from the snapshot in isolate memory, as
// flagd would answer for the exported file. Pages may ask too, so that every answer
// is open to other origins; what opens it is the token.
import { Hono } from "hono";
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { compileFlags, type CompiledFlags } from "#flags/compile.ts";
import { jsonObject } from "#flags/definition.ts";
import { isObject } from "#flags/logic/expression.ts";
import { evaluate } from "#flags/evaluate.ts";
import type { Resolution } from "#flags/resolution.ts";
import type { Plan } from "#flags/plan.ts";
import { exportFlagSet } from "#flags/snapshot.ts";
import { sha256 } from "#src/adapters/digest.ts";
import { originOf } from "#src/adapters/store-fault.ts";
import type { ControlRequest } from "./app.ts";
import { authenticate, authorize } from "./auth.ts";
import { limits } from "./contract.ts";
import { faultText, refuse, type Refusal } from "./problem.ts";
import { readBody, textFrom } from "./read-body.ts";

const cors: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "ETag",
};
const preflight = {
  ...cors,
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
  for (const [name, value] of Object.entries(cors)) response.headers.set(name, value);
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("cache-control", "no-store");
  return response;
}

const app = new Hono<{ Bindings: ControlRequest }>().basePath("/ofrep/v1");

app.options("*", () => new Response(null, { status: 204, headers: preflight }));

app.use(async (context, next) => {
  const { request, services } = context.env;
  if (!services.control.open) return refuse({ reason: "control_closed" });
  const permitted = await permitReading(request, services);
  if (!permitted.ok) return refuse(permitted.error);
  await next();
  return undefined;
});

app.post("/evaluate/flags/:key", async (context) => {
  const key = context.req.param("key");
  const asked = await readContext(context.env.request);
  if (!asked.ok) return badAnswer(asked.error, key);
  const flags = await currentFlags(context.env);
  const resolution = evaluate(flags, key, {
    context: asked.value,
    nowMs: context.env.services.now(),
  });
  const { errorCode } = resolution;
  const status = errorCode === undefined ? 200 : errorCode === "FLAG_NOT_FOUND" ? 404 : 400;
  return Response.json(answerFor(key, resolution), { status });
});

app.post("/evaluate/flags", async (context) => {
  const asked = await readContext(context.env.request);
  if (!asked.ok) return badAnswer(asked.error);
  const flags = await currentFlags(context.env);
  const subject = { context: asked.value, nowMs: context.env.services.now() };
  const all = [...flags.flags.keys()].map((key) => answerFor(key, evaluate(flags, key, subject)));
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

type Services = ControlRequest["services"];

/** OFREP knows two places for a token. */
async function permitReading(request: Request, services: Services): Promise<Result<null, Refusal>> {
  const apiKey = request.headers.get("x-api-key");
  const isBare = apiKey !== null && !request.headers.has("authorization");
  const headers = new Headers(request.headers);
  if (isBare) headers.set("authorization", `Bearer ${apiKey}`);
  const principal = await authenticate(headers, services);
  return principal.ok ? authorize(principal.value, "read", null) : principal;
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

// One for each epoch that is still held by somebody: a pointer that moves makes a new
// snapshot many times a minute, of the same flags.
const compiled = new WeakMap<Plan, CompiledFlags>();

async function currentFlags({ services, background }: ControlRequest): Promise<CompiledFlags> {
  const held = await services.snapshots.current({ nowMs: services.now(), background });
  const known = compiled.get(held.plan);
  if (known !== undefined) return known;
  const flags = compileFlags(exportFlagSet(held.snapshot));
  compiled.set(held.plan, flags);
  return flags;
}
