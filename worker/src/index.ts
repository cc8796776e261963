// The Worker: deliveries by hand, the control API behind it, and the objects.
import { handleControl } from "#src/admin/app.ts";
import { handleOfrep } from "#src/admin/ofrep.ts";
import { handleDelivery, mediaOf } from "#src/http/handle.ts";
import { problem } from "#src/http/problem.ts";
import { routeOf, type Route } from "#src/http/route.ts";
import { servicesFor, type Env, type Services } from "#src/services.ts";

export { Project } from "#src/objects/project.ts";
export { Registry } from "#src/objects/registry.ts";
export { Rollout } from "#src/objects/rollout.ts";
export { Window } from "#src/objects/window.ts";

export default {
  fetch(request, env, background) {
    const services = servicesFor(env);
    const route = routeOf(request.url, services.beacons.paths);
    return answerTo(request, { route, services, background });
  },
} satisfies ExportedHandler<Env>;

type Context = {
  readonly route: Route;
  readonly services: Services;
  readonly background: ExecutionContext;
};

function answerTo(request: Request, context: Context): Response | Promise<Response> {
  const { route, services, background } = context;
  const isControl = route.name === "control" || route.name === "ofrep";
  if (isControl && answersControl(request, services)) {
    const asked = { request, services, background };
    return route.name === "ofrep" ? handleOfrep(asked) : handleControl(asked);
  }
  const wanted = isControl ? unknownRoute : route;
  try {
    const answer = handleDelivery({ request, route: wanted, services, background });
    if (answer instanceof Response) return answer;
    return answer.catch((error: unknown) => failOpen(error, context));
  } catch (error) {
    return failOpen(error, context);
  }
}

const unknownRoute = { name: "none", wantsScript: false } as const;

// Where a control host is set, the CDN host knows nothing of the control API.
function answersControl(request: Request, { control }: Services): boolean {
  if (!control.open || control.host === "") return true;
  return new URL(request.url).host === control.host;
}

function failOpen(error: unknown, { route, services }: Context): Response {
  services.report("request_failed", { route: route.name, error });
  return problem("unavailable", mediaOf(route));
}
