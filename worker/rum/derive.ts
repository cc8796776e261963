// Columns that follow from others: worked out here rather than in the page, where
// every subtraction costs bytes.
import type { Carried, ColumnValues } from "./columns.ts";
import type { Timing } from "./columns/carried.ts";

/** Columns that follow from what all beacons of an event say and carry together. */
export function derivedColumns(said: ColumnValues, carried: Carried): ColumnValues {
  const snippet = phasesOf(carried["snippet.timing"]);
  const page = phasesOf(carried["nav.timing"]);
  return present({
    "snippet.fetch_start": snippet.fetchStart,
    "snippet.queue_ms": snippet.queueMs,
    "snippet.dns_ms": snippet.dnsMs,
    "snippet.connect_ms": snippet.connectMs,
    "snippet.tls_ms": snippet.tlsMs,
    "snippet.ttfb_ms": snippet.ttfbMs,
    "snippet.download_ms": snippet.downloadMs,
    "snippet.response_end": snippet.responseEnd,
    "snippet.wait_to_exec_ms": less(said["snippet.eval_start"], snippet.responseEnd),
    ...changeOf(said),
    "nav.redirect_ms": page.redirectMs,
    "nav.dns_ms": page.dnsMs,
    "nav.connect_ms": page.connectMs,
    "nav.download_ms": page.downloadMs,
  });
}

// The change is told since `timeOrigin`, the paint since the view began: of a load that is
// when it was activated, of any other view nobody has said.
function changeOf(said: ColumnValues): Loose<ColumnValues> {
  const { "browser.web_vital.navigation_type": type, "pv.index": index } = said;
  const activated = said["nav.activation_start"] ?? 0;
  const changed = less(said["snippet.first_change"], activated);
  if (index !== 0 || type === undefined || changed === undefined) return {};
  const afterMs = less(changed, said["fcp.value"]);
  const flickerMs = afterMs && Math.max(afterMs, 0);
  return { "snippet.change_after_fcp_ms": afterMs, "snippet.flicker_ms": flickerMs };
}

type PhaseName =
  | "redirectMs"
  | "queueMs"
  | "dnsMs"
  | "connectMs"
  | "tlsMs"
  | "ttfbMs"
  | "downloadMs";
type Phases = { readonly [K in PhaseName | "fetchStart" | "responseEnd"]?: number | undefined };

/** Source: Resource Timing, "Processing Model": https://www.w3.org/TR/resource-timing/ */
function phasesOf(timing: Timing | undefined): Phases {
  if (timing === undefined) return {};
  const [fetchStart, redirectStart, redirectEnd, dnsStart, dnsEnd, ...rest] = timing;
  const [connectStart, tlsStart, connectEnd, requestStart, responseStart, responseEnd] = rest;
  const ends = { fetchStart, responseEnd: told(responseEnd) };
  // Without Timing-Allow-Origin all but the two ends are zero. Zero would be a lie.
  if (requestStart === 0) return ends;
  // What began with the view began at zero: whether it is told, its end says.
  const dnsMs = span(dnsStart, told(dnsEnd));
  const connectMs = span(connectStart, told(connectEnd));
  const isWhole = dnsMs !== undefined && connectMs !== undefined;
  return {
    ...ends,
    redirectMs: span(redirectStart, told(redirectEnd)),
    queueMs: isWhole ? span(fetchStart + dnsMs + connectMs, requestStart) : undefined,
    dnsMs,
    connectMs,
    tlsMs: span(told(tlsStart), connectEnd),
    ttfbMs: span(requestStart, told(responseStart)),
    downloadMs: span(told(responseStart), told(responseEnd)),
  };
}

// Zero stands for what did not happen, as TLS on plain HTTP, or has not yet.
function told(moment: number): number | undefined {
  return moment === 0 ? undefined : moment;
}

// Clocks of browsers tick as seldom as once a millisecond, so that what takes no
// time may seem to end before it began. More than that is no duration at all.
const tickMs = 1;

function span(startMs: number | undefined, endMs: number | undefined): number | undefined {
  const lengthMs = less(endMs, startMs);
  return lengthMs === undefined || lengthMs < -tickMs ? undefined : Math.max(lengthMs, 0);
}

function less(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : toMicroseconds(left - right);
}

/** Without the digits that only the subtraction of binary fractions made. */
function toMicroseconds(durationMs: number): number {
  return Math.round(durationMs * 1_000) / 1_000;
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** What has a value. */
function present(values: Loose<ColumnValues>): ColumnValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
