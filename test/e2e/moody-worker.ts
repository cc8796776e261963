// The Worker as it is, with stores and a Registry that can be told to hang: at
// /mood/hanging and /mood/well for an isolate's own stores, and by a fetch of the
// Registry object for the Registry.
import worker, { Registry as RealRegistry } from "#src/index.ts";
import type { Kill } from "#src/adapters/flag-registry.ts";
import type { Env } from "#src/services.ts";

export { Project, Rollout, Sweeper, Window } from "#src/index.ts";

const forever = (): Promise<never> => new Promise(() => {});

/** Answers nothing but the kill while it hangs. */
export class Registry extends RealRegistry {
  #isHanging = false;

  override async fetch(request: Request): Promise<Response> {
    this.#isHanging = new URL(request.url).pathname === "/mood/hanging";
    return new Response(null, { status: 204 });
  }

  override snapshot(heldEdition: number) {
    return this.#isHanging ? forever() : super.snapshot(heldEdition);
  }

  override rollouts() {
    return this.#isHanging ? forever() : super.rollouts();
  }

  override token(id: string) {
    return this.#isHanging ? forever() : super.token(id);
  }

  override owner(...of: Parameters<RealRegistry["owner"]>) {
    return this.#isHanging ? forever() : super.owner(...of);
  }

  override note(...entry: Parameters<RealRegistry["note"]>) {
    return this.#isHanging ? forever() : super.note(...entry);
  }

  override kill(request: Kill) {
    return super.kill(request);
  }
}

let isHanging = false;
const moody = new WeakMap<Env, Env>();

export default {
  fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/mood/")) {
      isHanging = pathname === "/mood/hanging";
      return new Response(null, { status: 204 });
    }
    return worker.fetch(request, moodyEnv(env), context);
  },
} satisfies ExportedHandler<Env>;

// The same object for the same environment: memory hangs on its identity.
function moodyEnv(env: Env): Env {
  const known = moody.get(env);
  if (known !== undefined) return known;
  const made = { ...env, STORE: hangable(env.STORE), ARCHIVE: hangable(env.ARCHIVE) };
  moody.set(env, made);
  return made;
}

function hangable<S extends object>(store: S): S {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      const method = value.bind(target) as (...rest: unknown[]) => unknown;
      return (...rest: unknown[]) => (isHanging ? forever() : method(...rest));
    },
  });
}
