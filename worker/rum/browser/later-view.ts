// The early beacon of a view that was no load: a return from the bfcache or a soft
// navigation. What the load's own early beacon said of the snippet is not said again.
import {
  earlyBrowserWebVitalNavigationType,
  earlyClientClock,
  earlyClientSentAt,
  earlyEdgeCacheStatus,
  earlyEdgeDurMs,
  earlyNavActivationStart,
  earlyPageVisibilityAtStart,
  earlyPvIndex,
  earlyReferrerDomain,
  earlySnippetEvalStart,
  earlySnippetTiming,
  earlyStitchTransport,
  earlyTpBeforeSnippet,
  earlyTtfbValue,
  earlyUrlTemplate,
} from "#rum/positions.ts";
import type { BeaconConfig } from "#rum/beacon-config.ts";
import { post, textsOf } from "./send.ts";

export type LaterStart = "back-forward-cache" | "soft-navigation";

type Later = { readonly index: number; readonly start: LaterStart; readonly to: string };

/** Sends it, and returns its row; `first` is the early beacon of the load. */
export const sendLaterEarly = (
  first: readonly unknown[],
  { templates = [] }: BeaconConfig,
  { index, start, to }: Later,
): readonly unknown[] => {
  const row = [...first];
  row.fill(null, earlySnippetTiming, earlySnippetEvalStart + 1);
  row[earlyEdgeCacheStatus] = row[earlyEdgeDurMs] = row[earlyReferrerDomain] = null;
  row[earlyNavActivationStart] = row[earlyTpBeforeSnippet] = null;
  row[earlyPvIndex] = index;
  row[earlyStitchTransport] = "keepalive";
  row[earlyClientSentAt] = performance.now();
  row[earlyClientClock] = Date.now();
  row[earlyBrowserWebVitalNavigationType] = start;
  row[earlyTtfbValue] = 0;
  row[earlyUrlTemplate] = templates.find((template) =>
    location.pathname.match(`^${template.split("*").join(".*")}$`),
  );
  row[earlyPageVisibilityAtStart] = document.visibilityState;
  fetch(to, post(`[${textsOf(row).join()}]`)).catch(() => {});
  return row;
};
