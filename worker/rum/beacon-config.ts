// What the composition tells the beacon about itself: `self.aviary.beacon`, which the
// prelude sets before the early part runs. Part of a snippet's bytes, and so the same
// for all its visitors: nothing here may depend on the request.

export type BeaconConfig = {
  /** URL of the collector, or its path on the host that the page names; or that it is inlined. */
  readonly collector: string | { readonly inline: true };
  /** Where beacons are sent to, a URL or a path on that host: `/t/<snippetId>`. */
  readonly to: string;
  /** One page view in so many is measured; 0 for none. */
  readonly sampleRate: number;
  /** Whether page views that are not sampled send their early beacon all the same. */
  readonly earlyAlways?: true;
  // `revision` and `variant` are what published beacons read: their names cannot change.
  /** First 12 digits of the payload's digest. */
  readonly revision: string;
  /** Version of the engine. */
  readonly build: string;
  /** Version of the beacon. */
  readonly variant: string;
  /** Names of marks that the customer lets ride along. */
  readonly marks?: readonly string[];
  /** Path templates, first match counts: `/products/*` stands for `/products/anything`. */
  readonly templates?: readonly string[];
  /** Whether a session id is kept in `sessionStorage`: the customer's choice. */
  readonly session?: true;
};
