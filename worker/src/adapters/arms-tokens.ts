// The arms token of a request: what its page sends back, so that a beacon can
// claim no arm that was not given.
import type { Assignment } from "#flags/assignment.ts";
import { sign, type Visitor } from "#flags/signature.ts";
import { hourOf, tokenPrefix, tokenText } from "#flags/token.ts";
import type { HeldSnapshot } from "./snapshots.ts";

type Asker = { readonly nowMs: number; readonly named: Visitor | undefined };

export class ArmsTokens {
  #held: HeldSnapshot | undefined;
  #hour = 0;
  #prefix = "";

  /** The signed token; undefined before there is a key to sign with. */
  tokenFor({ marks }: Assignment, held: HeldSnapshot, asker: Asker): string | undefined {
    const [key] = held.keys;
    const { named, nowMs } = asker;
    if (key === undefined || named === undefined) return undefined;
    const hour = hourOf(nowMs);
    if (held !== this.#held || hour !== this.#hour) {
      this.#held = held;
      this.#hour = hour;
      this.#prefix = tokenPrefix(held.snapshot.epoch, hour);
    }
    return sign(tokenText(this.#prefix, named.bucket, marks), key);
  }
}
