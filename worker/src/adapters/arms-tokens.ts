// The arms token of a request: what its page sends back, so that a beacon can
// claim no arm that was not given.
import type { Assignment } from "#flags/assignment.ts";
import { sign, type Visitor } from "#flags/signature.ts";
import { encodeToken, hourOf, visitorBuckets } from "#flags/token.ts";
import type { HeldSnapshot } from "./snapshots.ts";

type Known = { readonly hour: number; readonly held: HeldSnapshot; readonly tokens: string[] };
type Asker = { readonly nowMs: number; readonly named: Visitor | undefined };

export class ArmsTokens {
  readonly #known = new WeakMap<Assignment, Known>();

  /** The signed token; undefined before there is a key to sign with. Made once per plan, bucket and hour. */
  tokenFor(assignment: Assignment, held: HeldSnapshot, asker: Asker): string | undefined {
    const [key] = held.keys;
    const { named, nowMs } = asker;
    if (key === undefined || named === undefined) return undefined;
    const { bucket } = named;
    const hour = hourOf(nowMs);
    let known = this.#known.get(assignment);
    if (known === undefined || known.hour !== hour || known.held !== held) {
      known = { hour, held, tokens: Array.from<string>({ length: visitorBuckets }).fill("") };
      this.#known.set(assignment, known);
    }
    const made = known.tokens[bucket];
    if (made !== undefined && made !== "") return made;
    const { epoch } = held.snapshot;
    const token = sign(encodeToken({ epoch, hour, bucket, arms: assignment.arms }), key);
    known.tokens[bucket] = token;
    return token;
  }
}
