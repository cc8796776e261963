// The arms token of a request: what its page sends back, so that a beacon can
// claim no arm that was not given.
import type { Assignment } from "#flags/assignment.ts";
import { sign, type Visitor } from "#flags/signature.ts";
import { hourOf, tokenPrefix, tokenText, visitorBuckets } from "#flags/token.ts";
import { serverTiming } from "#src/delivery/headers.ts";
import type { HeldSnapshot } from "./snapshots.ts";

type Asker = { readonly nowMs: number; readonly named: Visitor | undefined };

/** What a delivery says of its arms. */
export type ArmsToken = {
  readonly token: string;
  /** The whole `Server-Timing` of an answer from memory. */
  readonly timing: string;
  /** Whether it names no arm: most do, and all of those are one object. */
  readonly isQuiet: boolean;
};

const mostMarks = 512;

export class ArmsTokens {
  #held: HeldSnapshot | undefined;
  #hour = 0;
  #prefix = "";
  /** By arms, then by the visitor's bucket. */
  readonly #known = new Map<string, (ArmsToken | undefined)[]>();

  /** The signed token; undefined before there is a key to sign with. */
  tokenFor({ marks }: Assignment, held: HeldSnapshot, asker: Asker): ArmsToken | undefined {
    const [key] = held.keys;
    // Who is in no arm is nobody's evidence: their bucket is of no use, and need not be known.
    const bucket = marks === "" ? 0 : asker.named?.bucket;
    if (key === undefined || bucket === undefined) return undefined;
    this.#renew(held, hourOf(asker.nowMs));
    const known = this.#known.get(marks)?.[bucket];
    if (known !== undefined) return known;
    const token = sign(tokenText(this.#prefix, bucket, marks), key);
    const made = { token, timing: serverTiming("hit", 0, token), isQuiet: marks === "" };
    this.#remember(marks, bucket, made);
    return made;
  }

  /** A token is good for one snapshot and one hour. */
  #renew(held: HeldSnapshot, hour: number): void {
    if (held === this.#held && hour === this.#hour) return;
    this.#held = held;
    this.#hour = hour;
    this.#prefix = tokenPrefix(held.snapshot.epoch, hour);
    this.#known.clear();
  }

  #remember(marks: string, bucket: number, made: ArmsToken): void {
    let buckets = this.#known.get(marks);
    if (buckets === undefined) {
      if (this.#known.size >= mostMarks) this.#known.clear();
      buckets = Array.from({ length: visitorBuckets });
      this.#known.set(marks, buckets);
    }
    buckets[bucket] = made;
  }
}
