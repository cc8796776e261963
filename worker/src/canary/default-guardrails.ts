// What a rollout is judged by where its author says nothing. Data alone: columns are
// those of the wide event, times are ms.

// A snippet from the browser's cache has no download that its arm could have changed.
const overNetwork = [{ column: "snippet.transfer_size", above: 0 }] as const;
// A 304 is 300 bytes by Resource Timing, and no snippet is that small: what was fetched whole
// is compared with what was fetched whole.
const whole = [{ column: "snippet.transfer_size", above: 1_000 }] as const;

const quantile = (column: string, p: number) => ({ kind: "quantile", column, p }) as const;
const mean = (column: string, cap: number) => ({ kind: "mean", column, cap }) as const;

const snippet = [
  { name: "arrivals", measure: { kind: "arrivals" }, where: overNetwork, worse: "lower" },
  {
    name: "errors",
    measure: { kind: "rate", of: { column: "snippet.error_count", above: 0 } },
    against: "everyone",
    negligible: 0.005,
  },
  {
    name: "incomplete",
    measure: { kind: "rate", of: { column: "stitch.state", is: "early_only" } },
    against: "everyone",
    negligible: 0.005,
  },
  {
    name: "download_p75",
    measure: quantile("snippet.download_ms", 0.75),
    where: whole,
    negligible: 5,
  },
  {
    name: "download_p95",
    measure: quantile("snippet.download_ms", 0.95),
    where: whole,
    role: "guard",
    negligible: 5,
  },
  { name: "evaluation_p75", measure: quantile("snippet.eval_ms", 0.75), negligible: 4 },
  {
    name: "evaluation_p95",
    measure: quantile("snippet.eval_ms", 0.95),
    role: "guard",
    negligible: 4,
  },
  {
    name: "snippet_ttfb_p75",
    measure: quantile("snippet.ttfb_ms", 0.75),
    where: overNetwork,
    role: "guard",
    negligible: 5,
  },
  { name: "lcp_p75", measure: quantile("lcp.value", 0.75), role: "guard", margin: 0.02 },
  {
    name: "inp_p75",
    measure: quantile("inp.value", 0.75),
    role: "guard",
    margin: 0.02,
    negligible: 40,
  },
  {
    name: "cls_mean",
    measure: mean("cls.value", 1),
    role: "guard",
    margin: 0.02,
    negligible: 0.005,
  },
  {
    name: "bytes_mean",
    // Not the transfer's: what is revalidated more often would look smaller.
    measure: mean("snippet.encoded_size", 5_000_000),
    where: [{ column: "snippet.encoded_size", above: 0 }],
    against: "everyone",
    role: "guard",
    effect: 0.05,
    margin: 0.02,
    negligible: 64,
  },
  {
    // Of visitors who come again and again the first view tells as much as all: this is sooner
    // there. Who is in no arm fetches less often, and not of every customer alike.
    name: "fetched_bytes_mean",
    measure: mean("snippet.encoded_size", 5_000_000),
    where: whole,
    role: "guard",
    effect: 0.05,
    margin: 0.02,
    negligible: 64,
  },
  {
    name: "flicker_mean",
    measure: mean("snippet.flicker_ms", 10_000),
    role: "guard",
    margin: 0.02,
    negligible: 5,
  },
] as const;

const datafile = [
  {
    name: "errors",
    source: "delivery",
    measure: { kind: "rate", of: { column: "delivery.status", above: 499 } },
    negligible: 0.001,
  },
  {
    name: "edge_p75",
    source: "delivery",
    measure: quantile("delivery.edge_ms", 0.75),
    negligible: 4,
  },
  {
    name: "edge_p95",
    source: "delivery",
    measure: quantile("delivery.edge_ms", 0.95),
    role: "guard",
    negligible: 4,
  },
  {
    name: "not_modified",
    source: "delivery",
    measure: { kind: "share", of: { column: "delivery.status", is: 304 } },
    worse: "lower",
    margin: 0.02,
  },
  {
    name: "bytes_mean",
    source: "delivery",
    measure: mean("delivery.bytes", 5_000_000),
    where: [{ column: "delivery.status", is: 200 }],
    role: "guard",
    effect: 0.05,
    margin: 0.02,
    negligible: 64,
  },
] as const;

/** By what a flag's change is seen in, as `parsePolicy` takes them. */
export const defaultGuardrails = { snippet, datafile } as const;
