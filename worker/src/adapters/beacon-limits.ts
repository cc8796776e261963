// How many beacons of one snippet this isolate takes: a bucket that fills by the
// second, so that one page gone wild leaves room for the others. Where the platform
// counts for a whole data centre, it is asked as well, and believed only when it answers.
import { Lru } from "#base/lru.ts";
import type { Report } from "./report.ts";

/** The platform's own count, as `[[ratelimits]]` of wrangler.toml binds it. */
export type RateLimit = { limit(options: { key: string }): Promise<{ success: boolean }> };

export type BeaconLimitsDependencies = {
  /** Undefined where none is bound. */
  readonly colo: RateLimit | undefined;
  /** Beacons of one snippet a second. */
  readonly perSecond: number;
  readonly report: Report;
};

const mostSnippets = 10_000;
/** What a bucket holds, in seconds of its filling. */
const burstS = 4;

type Bucket = { level: number; atMs: number };

export class BeaconLimits {
  readonly #deps: BeaconLimitsDependencies;
  readonly #buckets = new Lru<Bucket>(mostSnippets);

  constructor(dependencies: BeaconLimitsDependencies) {
    this.#deps = dependencies;
  }

  /** Whether one more beacon of a snippet may come in. */
  async admits(snippetId: string, nowMs: number): Promise<boolean> {
    if (!this.#admitsHere(snippetId, nowMs)) return false;
    const { colo, report } = this.#deps;
    if (colo === undefined) return true;
    try {
      return (await colo.limit({ key: snippetId })).success;
    } catch (error) {
      report("rate_limit_failed", { snippetId, error });
      return true;
    }
  }

  #admitsHere(snippetId: string, nowMs: number): boolean {
    const { perSecond } = this.#deps;
    const most = perSecond * burstS;
    const bucket =
      this.#buckets.get(snippetId) ?? this.#begin(snippetId, { level: most, atMs: nowMs });
    // A clock that jumps back fills nothing.
    const passedMs = Math.max(nowMs - bucket.atMs, 0);
    bucket.level = Math.min(bucket.level + (passedMs * perSecond) / 1_000, most);
    bucket.atMs = nowMs;
    if (bucket.level < 1) return false;
    bucket.level -= 1;
    return true;
  }

  #begin(snippetId: string, bucket: Bucket): Bucket {
    this.#buckets.set(snippetId, bucket);
    return bucket;
  }
}
