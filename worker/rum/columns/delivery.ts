// What was delivered, by which arm, and what the edge knows of the request.
import { early, late, second, server, token } from "#rum/column.ts";
import { boolean, bytes, integer, label, listOf, map, ms, oneOf, shaped } from "#rum/kinds.ts";

const epoch = integer({ unit: "", least: 0, most: Number.MAX_SAFE_INTEGER });
const status = integer({ unit: "", least: 100, most: 599 });
const bucket = integer({ unit: "", least: 0, most: 63 });
const cacheStates = ["hit", "colo", "kv", "r2", "miss", "stale"] as const;
const loadModes = ["sync", "async", "defer", "module", "dynamic"] as const;
const keyAndVariant = shaped(/^[\w.:/+@-]{1,129}$/, "`key:variant`, at most 129 characters");

export const deliveryColumns = {
  "snippet.revision": early(16, label, "Of the pointer that the body was composed for."),
  "snippet.build": early(17, label, "The engine's version."),
  "snippet.variant": second(early(18, label, "The copy of the bytes.")),
  "snippet.load_mode": early(19, oneOf(loadModes), "How the page includes the snippet."),
  "edge.colo": server(label, "Data centre that took the beacon or the request."),
  "edge.cache_status": early(20, oneOf(cacheStates), "From where the snippet was answered."),
  "edge.dur_ms": second(early(21, ms, "What the edge says that it took.")),
  "feature_flag.set.id": second(early(22, label, "The customer's own set of flags.")),
  "feature_flags.active": late(12, listOf(keyAndVariant, 20), "The customer's own flags."),
  "privacy.gpc": early(23, boolean, "`navigator.globalPrivacyControl`."),
  "delivery.epoch": token(epoch, "Of the snapshot of flags that the arms were given by."),
  "delivery.arms": token(map, "The arm of each flag under trial."),
  "delivery.token_ok": token(boolean, "Whether the token's signature and age hold."),
  "delivery.bucket": server(
    bucket,
    "One of 64 that visitors share: the same all day for the same address and user agent.",
  ),
  "delivery.delay_ms": server(ms, "Delay that a slowdown experiment added."),
} as const;

const routes = ["snippet", "datafile"] as const;
const oneInN = integer({ unit: "1 in n", least: 1, most: 1_000_000 });
const clientKinds = ["browser", "sdk", "bot", "other"] as const;

/** Of `delivery` events alone: a sampled request, as the edge answered it. */
export const requestColumns = {
  "delivery.sample_rate": server(oneInN, "The request stands for that many."),
  "delivery.route": server(oneOf(routes), "What was asked for."),
  "delivery.status": server(status, "Status of the answer; 304 where nothing had changed."),
  "delivery.cache": server(oneOf(cacheStates), "From where it was answered."),
  "delivery.edge_ms": server(ms, "How long the edge took."),
  "delivery.bytes": server(bytes, "Length of the body."),
  "delivery.encoding": server(label, "Content coding."),
  "delivery.client_kind": server(oneOf(clientKinds), "Who asked."),
} as const;
