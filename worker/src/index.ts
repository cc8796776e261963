// The Worker: deliveries by hand, the control API behind it, and the objects.
import { handleControl } from "#src/admin/app.ts";
import { handleOfrep } from "#src/admin/ofrep.ts";
import { handleDelivery, mediaOf, type Arrived } from "#src/http/handle.ts";
import { problem } from "#src/http/problem.ts";
import { originOf } from "#src/adapters/store-fault.ts";
import { servicesFor, type Env } from "#src/services.ts";

export { Project } from "#src/objects/project.ts";
export { Registry } from "#src/objects/registry.ts";
export { Rollout } from "#src/objects/rollout.ts";
export { Sweeper } from "#src/objects/sweeper.ts";
export { Window } from "#src/objects/window.ts";

export default {
  fetch(request, env, background) {
    const services = servicesFor(env);
    const route = services.routes.of(request.url);
    return answerTo({ request, route, services, background });
  },
} satisfies ExportedHandler<Env>;

function answerTo(arrived: Arrived): Response | Promise<Response> {
  const { route } = arrived;
  if (route.name === "control" || route.name === "ofrep") {
    return route.name === "ofrep" ? handleOfrep(arrived) : handleControl(arrived);
  }
  try {
    const answer = handleDelivery(arrived, route);
    if (answer instanceof Response) return answer;
    return answer.catch((error: unknown) => failOpen(error, arrived));
  } catch (error) {
    return failOpen(error, arrived);
  }
}

function failOpen(error: unknown, { route, services }: Arrived): Response {
  services.report("request_failed", { route: route.name, error });
  const { reason } = originOf(error);
  return problem(reason === "internal" ? "internal" : "unavailable", mediaOf(route));
}
