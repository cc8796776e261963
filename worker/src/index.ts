// The Worker: deliveries by hand, the control API behind it, and the objects.
import { handleControl } from "#src/admin/app.ts";
import { handleDelivery, mediaOf } from "#src/http/handle.ts";
import { problem } from "#src/http/problem.ts";
import { routeOf, type Route } from "#src/http/route.ts";
import { servicesFor, type Env, type Services } from "#src/services.ts";

export { Project } from "#src/objects/project.ts";
export { Registry } from "#src/objects/registry.ts";

export default {
  fetch(request, env, background) {
    const services = servicesFor(env);
    const route = routeOf(request.url);
    if (route.name === "control" && answersControl(request, services)) {
      return handleControl({ request, services, background }).then(withoutBodyForHead);
    }
    const wanted = route.name === "control" ? { name: "none" as const, wantsScript: false } : route;
    try {
      const answer = handleDelivery({ request, route: wanted, services, background });
      if (answer instanceof Response) return withoutBodyForHead(answer);
      return answer.catch(failOpen).then(withoutBodyForHead);
    } catch (error) {
      return withoutBodyForHead(failOpen(error));
    }

    function failOpen(error: unknown): Response {
      return reportFault(error, route, services);
    }

    function withoutBodyForHead(response: Response): Response {
      if (request.method !== "HEAD" || response.body === null) return response;
      return new Response(null, response);
    }
  },
} satisfies ExportedHandler<Env>;

// Where a control host is set, the CDN host knows nothing of the control API.
function answersControl(request: Request, { control }: Services): boolean {
  if (!control.open || control.host === "") return true;
  return new URL(request.url).host === control.host;
}

function reportFault(error: unknown, route: Route, { report }: Services): Response {
  report("request_failed", { route: route.name, error });
  return problem("unavailable", mediaOf(route));
}
