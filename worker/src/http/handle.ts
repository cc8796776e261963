// One delivery request: method and route, then the handler that it leads to.
import { crossOriginFields } from "#src/delivery/headers.ts";
import { collectorScope } from "#src/adapters/releases.ts";
import type { Background } from "#src/adapters/background.ts";
import type { Services } from "#src/services.ts";
import { stablePlan } from "#src/delivery/plan.ts";
import type { Visit } from "./delivery.ts";
import { health } from "./health.ts";
import { acceptBeacon } from "./accept-beacon.ts";
import { problem, type Media } from "./problem.ts";
import type { Route } from "#src/delivery/route.ts";
import { serveDatafile, servePrivateDatafile } from "./serve-datafile.ts";
import { serveRelease } from "./serve-release.ts";
import { serveSnippet } from "./serve-snippet.ts";

/** A request and where it leads. */
export type Arrived = {
  readonly request: Request;
  readonly route: Route;
  readonly services: Services;
  readonly background: Background;
};

type DeliveryRoute = Exclude<Route, { name: "control" | "ofrep" }>;

/** Answers everything but the control API. */
export function handleDelivery(
  arrived: Arrived,
  route: DeliveryRoute,
): Response | Promise<Response> {
  const { method } = arrived.request;
  if (route.name === "beacon") return handleBeacon(arrived, route, method);
  if (method === "GET") return dispatch(arrived, route, method);
  if (method === "HEAD") return withoutBody(dispatch(arrived, route, method));
  if (route.name === "none") return problem("unknown_path", mediaOf(route));
  if (method === "OPTIONS") return preflight(reading);
  return problem("method_not_allowed", mediaOf(route));
}

function handleBeacon(
  arrived: Arrived,
  route: DeliveryRoute,
  method: string,
): Response | Promise<Response> {
  if (method === "POST") return dispatch(arrived, route, method);
  if (method === "OPTIONS") return preflight(sending);
  return problem("method_not_allowed", "json", sending.methods);
}

function dispatch(
  arrived: Arrived,
  route: DeliveryRoute,
  method: string,
): Response | Promise<Response> {
  const { services, background } = arrived;
  const nowMs = services.now();
  const held = services.snapshots.current({ nowMs, background });
  if (held instanceof Promise) {
    return held.then((first) => serve(route, visitOf(arrived, { method, nowMs, held: first })));
  }
  return serve(route, visitOf(arrived, { method, nowMs, held }));
}

function visitOf(
  { request, services, background }: Arrived,
  { method, nowMs, held }: Pick<Visit, "method" | "nowMs" | "held">,
): Visit {
  const { headers, cf } = request;
  // Written out: a spread costs more than all else that is done here.
  const visit: Visit = {
    request,
    method,
    headers,
    cf,
    services,
    background,
    nowMs,
    held,
    plan: stablePlan,
    arms: undefined,
    sample: undefined,
  };
  services.latest.visit = visit;
  return visit;
}

function serve(route: DeliveryRoute, visit: Visit): Response | Promise<Response> {
  switch (route.name) {
    case "snippet":
      return serveSnippet(route.id, visit);
    case "datafile":
      return serveDatafile(route.id, visit);
    case "private_datafile":
      return servePrivateDatafile(route.id, visit);
    case "release":
      return serveRelease(route.id, route.prefix, visit);
    case "collector":
      return serveRelease(collectorScope, route.prefix, visit);
    case "beacon":
      return acceptBeacon(route.id, visit);
    case "health":
      return health(visit);
    case "none":
      return problem("unknown_path", mediaOf(route));
  }
}

async function withoutBody(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  return response.body === null ? response : new Response(null, response);
}

/** What a client at this route understands as an error. */
export function mediaOf(route: Route): Media {
  if (route.name === "none") return route.wantsScript ? "script" : "json";
  return scripts.has(route.name) ? "script" : "json";
}

const scripts: ReadonlySet<Route["name"]> = new Set(["snippet", "release", "collector"]);

const dayS = 86_400;
const reading = {
  methods: "GET, HEAD, OPTIONS",
  fields: "If-Modified-Since, If-None-Match, Authorization",
};
const sending = { methods: "POST, OPTIONS", fields: "Content-Type" };

function preflight({ methods, fields }: typeof reading): Response {
  const headers = new Headers(crossOriginFields.map(([name, value]) => [name, value]));
  headers.set("access-control-allow-methods", methods);
  headers.set("access-control-allow-headers", fields);
  headers.set("access-control-max-age", String(dayS));
  headers.set("allow", methods);
  return new Response(null, { status: 204, headers });
}
