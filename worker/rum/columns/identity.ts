// Which page view it is, and of whom. Positions 0 to 3 are the head of every beacon.
import { both, early, late, sealed, second, server } from "#rum/column.ts";
import {
  count,
  epochMs,
  hex128,
  host,
  instant,
  integer,
  label,
  listOf,
  oneOf,
  shaped,
  signedMs,
  spelt,
  tabMs,
} from "#rum/kinds.ts";
import { protocol } from "./snippet.ts";

/** Late beacons of one view are numbered up to this; the page sends no more. */
const mostLateBeacons = 15;

const sequence = integer({ unit: "", least: 0, most: mostLateBeacons });
const pageIndex = integer({ unit: "", least: 0, most: 10_000 });
const oneInN = integer({ unit: "1 in n", least: 1, most: 1_000_000 });
const path = shaped(/^\/[^?#\s]{0,199}$/, "a path, at most 200 characters, no query string");
const service = shaped(/^[\w/-]{1,129}$/, "`account/id`, at most 129 characters");
const clockMs = { ...signedMs, bounds: "any" };

const kinds = ["page_view", "late_only", "page_update", "delivery", "pipeline"] as const;
const states = ["both", "early_only", "late_only"] as const;
const transports = ["keepalive", "sb", "fetchlater"] as const;
const navigationTypes = [
  "navigate",
  "reload",
  "back-forward",
  "back-forward-cache",
  "prerender",
  "restore",
  "soft-navigation",
] as const;

const navigationType = spelt(oneOf(navigationTypes), new Map([["back_forward", "back-forward"]]));

export const eventColumns = {
  "event.id": sealed(label, "The same for the same beacons, so that a sink can leave out repeats."),
  "event.kind": sealed(
    oneOf(kinds),
    "`page_view` once for each view whose early beacon came; `late_only` for a view of late beacons alone; `page_update` for what came after either; `delivery` for a sampled request; `pipeline` for what the pipeline says of itself.",
  ),
  "event.at": sealed(
    instant,
    "When the server took its first beacon or its request, or told of itself; for sinks the time of the event.",
  ),
  "schema.version": sealed(count, "Of this table."),
  "account.id": server(label, "The customer."),
  "snippet.id": server(label, "The snippet or the datafile."),
  "service.name": server(
    service,
    "Customer and snippet or datafile, as OpenTelemetry names services: `account/id`.",
  ),
} as const;

export const identityColumns = {
  "pv.id": both(2, hex128, "The page view, and its trace: random bytes of the page."),
  "pv.index": both(
    3,
    pageIndex,
    "0 for a load; one more for each return from the bfcache and each soft navigation.",
  ),
  "pv.sample_rate": both(4, oneInN, "The view stands for that many."),
  "session.id": both(10, hex128, "Of the customer's own making; absent unless they opt in."),
  "url.domain": early(12, host, "`location.host`."),
  "url.template": early(13, path, "The path after the customer's rule; never the query string."),
  "referrer.domain": early(14, host, "Host of `document.referrer`."),
  "browser.web_vital.navigation_type": early(15, navigationType, "How the visitor got here."),
} as const;

export const stitchColumns = {
  "beacon.schema": both(0, count, "Version of the wire format."),
  "stitch.late_seq": both(
    1,
    sequence,
    "0 in the early beacon, then 1, 2 and so on in late ones; of the event the highest.",
  ),
  "stitch.state": sealed(oneOf(states), "Which beacons this event is made of."),
  "stitch.early_at": sealed(instant, "When the server took the early beacon."),
  "stitch.late_at": sealed(instant, "When the server took the latest of the late beacons."),
  "stitch.dup_count": sealed(count, "Beacons that came again before sealing."),
  "stitch.transport": both(
    8,
    oneOf(transports),
    "How the last beacon was sent: keepalive fetch, `sendBeacon` or `fetchLater`.",
  ),
  "stitch.clock_skew_ms": sealed(
    clockMs,
    "Server's clock less the client's: the true skew and at least the way that beacons took.",
  ),
  "client.time_origin": both(5, epochMs, "`performance.timeOrigin` by the client's clock."),
  "client.sent_at": both(6, tabMs, "When the last beacon was sent, since `timeOrigin`."),
  "client.clock": both(7, epochMs, "`Date.now()` when the last beacon was sent."),
  "beacon.chars": second(sealed(count, "Length of the beacons.")),
  "beacon.protocol": server(protocol, "By which HTTP the last beacon reached the edge."),
  "beacon.unknown_count": sealed(count, "Values at positions that this version does not know."),
  "beacon.omitted_count": late(
    83,
    count,
    "What the page's part left out, and said the rest: items that were odd or too many, and what threw.",
  ),
  "beacon.dropped": sealed(listOf(label, 100), "Fields whose value broke its bounds."),
} as const;
