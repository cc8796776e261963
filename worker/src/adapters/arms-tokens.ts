// The arms token of a request: what its page sends back, so that a beacon can
// claim no arm that was not given, nor one that somebody else was given.
import type { Assignment } from "#flags/assignment.ts";
import { bindToken, sign, type SigningKey, type Visitor } from "#flags/signature.ts";
import { networkOf } from "#base/network.ts";
import { hourOf, tokenPrefix, tokenText, visitorBuckets } from "#flags/token.ts";
import { serverTiming } from "#src/delivery/headers.ts";
import type { HeldSnapshot } from "./snapshots.ts";

type Asker = {
  readonly nowMs: number;
  readonly named: Visitor | undefined;
  readonly address: string;
  readonly snippet: string;
  readonly account: string;
};

/** What a delivery says of its arms. */
export type ArmsToken = {
  readonly token: string;
  /** The whole `Server-Timing` of an answer from memory. */
  readonly timing: string;
  /** Whether it names no arm: most do, and all of those are one object. */
  readonly isQuiet: boolean;
};

const mostMarks = 512;
const mostQuiet = 4_096;

export class ArmsTokens {
  #held: HeldSnapshot | undefined;
  #hour = 0;
  #prefix = "";
  /** By arms, then by the visitor's bucket; not yet bound to anybody. */
  readonly #known = new Map<string, (string | undefined)[]>();
  /** Of those in no arm, by account and snippet. */
  readonly #quiet = new Map<string, ArmsToken>();

  /** The signed token; undefined before there is a key to sign with. */
  tokenFor({ marks }: Assignment, held: HeldSnapshot, asker: Asker): ArmsToken | undefined {
    const [key] = held.keys;
    // Who is in no arm is nobody's evidence: their bucket is of no use, and need not be known.
    const bucket = marks === "" ? 0 : asker.named?.bucket;
    if (key === undefined || bucket === undefined) return undefined;
    this.#renew(held, hourOf(asker.nowMs));
    const signed = this.#signed(marks, bucket, key);
    if (marks === "" || asker.named === undefined) return this.#quietFor(signed, key, asker);
    const { snippet, account, address } = asker;
    const network = networkOf(address);
    const token = bindToken(signed, asker.named.agent, { snippet, account, network });
    return { token, timing: serverTiming("hit", 0, token), isQuiet: false };
  }

  #signed(marks: string, bucket: number, key: SigningKey): string {
    const known = this.#known.get(marks)?.[bucket];
    if (known !== undefined) return known;
    const made = sign(tokenText(this.#prefix, bucket, marks), key);
    this.#remember(marks, bucket, made);
    return made;
  }

  // One object for all pages of a snippet: answers are shared by it.
  #quietFor(signed: string, { signing }: SigningKey, { snippet, account }: Asker): ArmsToken {
    const name = `${account}/${snippet}`;
    const known = this.#quiet.get(name);
    if (known !== undefined) return known;
    const token = bindToken(signed, signing, { snippet, account, network: "" });
    const made = { token, timing: serverTiming("hit", 0, token), isQuiet: true };
    if (this.#quiet.size >= mostQuiet) this.#quiet.clear();
    this.#quiet.set(name, made);
    return made;
  }

  /** A token is good for one snapshot and one hour. */
  #renew(held: HeldSnapshot, hour: number): void {
    if (held === this.#held && hour === this.#hour) return;
    this.#held = held;
    this.#hour = hour;
    this.#prefix = tokenPrefix(held.snapshot.epoch, hour);
    this.#known.clear();
    this.#quiet.clear();
  }

  #remember(marks: string, bucket: number, made: string): void {
    let buckets = this.#known.get(marks);
    if (buckets === undefined) {
      if (this.#known.size >= mostMarks) this.#known.clear();
      buckets = Array.from({ length: visitorBuckets });
      this.#known.set(marks, buckets);
    }
    buckets[bucket] = made;
  }
}
