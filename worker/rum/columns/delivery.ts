// What was delivered, by which arm, and what the edge knows of the request.
import { early, late, second, server, token } from "#rum/column.ts";
import { boolean, bytes, integer, label, listOf, map, ms, oneOf, shaped } from "#rum/kinds.ts";

const epoch = integer({ unit: "", least: 0, most: Number.MAX_SAFE_INTEGER });
const status = integer({ unit: "", least: 100, most: 599 });
const bucket = integer({ unit: "", least: 0, most: 63 });
const cacheStates = ["hit", "colo", "kv", "r2", "miss", "stale"] as const;
const loadModes = ["sync", "async", "defer", "dynamic"] as const;
const hex48 = shaped(/^[0-9a-f]{12}$/, "12 hexadecimal digits");
const keyAndVariant = shaped(/^[\w.:/+@-]{1,129}$/, "`key:variant`, at most 129 characters");

export const deliveryColumns = {
  "snippet.payload_digest": early(
    16,
    hex48,
    "First 12 digits of the SHA-256 of the payload that the snippet was composed with.",
  ),
  "snippet.build": early(17, label, "Version of the engine that the snippet was composed with."),
  "beacon.version": second(early(18, label, "Version of the beacon in the snippet.")),
  "snippet.load_mode": early(
    19,
    oneOf(loadModes),
    "How the page includes the snippet: `sync` where its parser waits, `dynamic` where a script put it there.",
  ),
  "edge.colo": server(label, "Data centre that took the beacon or the request."),
  "edge.cache_status": early(20, oneOf(cacheStates), "From where the snippet was answered."),
  "edge.dur_ms": second(early(21, ms, "What the edge says that it took.")),
  "feature_flags.active": late(12, listOf(keyAndVariant, 20), "The customer's own flags."),
  "privacy.gpc": early(23, boolean, "`navigator.globalPrivacyControl`."),
  "delivery.epoch": token(epoch, "Of the snapshot of flags that the arms were given by."),
  "delivery.arms": token(
    map,
    "The arm, `canary` or `control`, of each flag under trial; flags that it was in neither of are left out, and those that the edge could not work out are `unknown`.",
  ),
  "delivery.arms_source": token(
    oneOf(["token", "inferred", "edge"]),
    "Who says the arms: a page's token; the edge, that worked them out for a page whose browser could not read its token; or the edge that answered a sampled request.",
  ),
  "delivery.token_ok": token(
    boolean,
    "Whether the token counts: its signature, age and holder fit, and its visitor and network sent few in that minute; absent where there was none.",
  ),
  "delivery.token_bound": token(
    boolean,
    "Whether a token whose signature and age hold was made for this snippet, network and user agent. True where `delivery.token_ok` is false: there were too many in that minute.",
  ),
  "delivery.bucket": token(
    bucket,
    "One of 64 that visitors share: the same all day for the same address and user agent; of a page, only where it is in an arm.",
  ),
  "delivery.delay_ms": token(
    ms,
    "Delay that a slowdown experiment added; of a page, only where one did.",
  ),
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
  "delivery.encoding": server(label, "Content coding; absent where there was none."),
  "delivery.client_kind": server(
    oneOf(clientKinds),
    "Who asked: `bot` where the user agent is a robot's, `sdk` for what asks for datafiles and is no browser.",
  ),
} as const;
