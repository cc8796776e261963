// Every property of a delivery that can differ between two requests, in one
// table. A delivery reads these and nothing else, so that whatever is listed
// here can be put behind a flag.

/** Content codings that a stored representation may have, as in RFC 9110 §8.4.1. */
export type Encoding = "br" | "zstd" | "gzip" | "identity";

/** The parameters of one delivery. Durations carry their unit in the name. */
export type DeliveryParameters = {
  /** Engine version to compose with; null means the one that the snippet's pointer names. */
  readonly engine: string | null;
  /** Content codings to offer, most preferred first. */
  readonly encodings: readonly Encoding[];
  /** `max-age` for browsers, in seconds. */
  readonly browserMaxAgeS: number;
  /** `stale-while-revalidate`, in seconds. */
  readonly staleWhileRevalidateS: number;
  /** `stale-if-error`, in seconds. */
  readonly staleIfErrorS: number;
  /** Age in ms from which a pointer held in isolate memory is refreshed in the background. */
  readonly pointerFreshMs: number;
};

/** What a request gets that no flag has touched. */
export const defaultParameters: DeliveryParameters = {
  engine: null,
  encodings: ["br", "zstd", "gzip", "identity"],
  browserMaxAgeS: 120,
  staleWhileRevalidateS: 60,
  staleIfErrorS: 86_400,
  pointerFreshMs: 5_000,
};
