// The secrets that wrap signing keys, from the environment.
import * as v from "valibot";

/** Secrets of the Worker, `wrangler secret put`. */
export type KeyEnv = {
  /** Wraps signing keys before they reach KV or the colo cache; 32 characters or more. */
  readonly AVIARY_KEY_SECRET?: string;
  /** The secret before, while copies that it wrapped may be about. */
  readonly AVIARY_KEY_SECRET_PREVIOUS?: string;
  /** `true` on a developer's own machine; never deployed. */
  readonly AVIARY_LOCAL?: string;
};

const secret = v.pipe(v.string(), v.minLength(32));

/** The secrets, the current one first, and what is wrong with them. */
export function keySecretsFrom(env: KeyEnv): {
  readonly secrets: readonly string[];
  readonly problems: readonly string[];
} {
  const { AVIARY_KEY_SECRET: current = "", AVIARY_KEY_SECRET_PREVIOUS: previous = "" } = env;
  const isLocal = env.AVIARY_LOCAL === "true";
  // Worth nothing to anybody: what is on a developer's own machine is in one file beside its keys.
  if (current === "" && isLocal) return { secrets: ["local-development-alone"], problems: [] };
  const problems: string[] = [];
  if (current === "") {
    problems.push("AVIARY_KEY_SECRET is not set: npx wrangler secret put AVIARY_KEY_SECRET");
  } else if (!v.is(secret, current)) {
    problems.push("AVIARY_KEY_SECRET needs at least 32 characters");
  }
  if (previous !== "" && !v.is(secret, previous)) {
    problems.push("AVIARY_KEY_SECRET_PREVIOUS needs at least 32 characters");
  }
  const secrets = [current, previous].filter((each) => v.is(secret, each));
  return { secrets, problems };
}
