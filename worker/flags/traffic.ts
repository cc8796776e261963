// What the edge counted, id by id: how many requests came, and how many of them would have
// become evidence for a judge. Of a day, so that a night is in it.
/** One id's requests while they were counted. */
export type IdTraffic = {
  readonly kind: "snippet" | "datafile";
  readonly id: string;
  readonly account: string;
  readonly requests: number;
  /** Page views that its beacon measures, or answers to SDKs that are sampled under trial. */
  readonly views: number;
};

/** The traffic of the last day. */
export type Traffic = {
  /** When the first of it was counted, ms since the epoch. */
  readonly sinceMs: number;
  readonly ids: readonly IdTraffic[];
};

/** Adds up what was counted of each id, the busiest first; what is beyond `most` is left out. */
export function summed(counts: Iterable<IdTraffic>, most: number): readonly IdTraffic[] {
  const sums = new Map<string, IdTraffic>();
  for (const each of counts) {
    const key = `${each.kind}:${each.id}`;
    const { requests = 0, views = 0 } = sums.get(key) ?? {};
    sums.set(key, { ...each, requests: each.requests + requests, views: each.views + views });
  }
  return [...sums.values()]
    .toSorted((left, right) => right.requests - left.requests)
    .slice(0, most);
}
