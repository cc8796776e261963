// The early part of the beacon, inside every snippet: decides whether this page view
// is measured, says what the network and the page had done when the snippet began,
// and brings the collector. The composition fences it, so that what throws ends this
// part alone; what the engine calls is therefore made first, and never throws.
// Syntax of ES2015: where it could not be parsed, neither could the engine behind it.
import { wireVersion } from "#rum/wire-version.ts";
import type { Row } from "#rum/wire.ts";
import type { Item } from "./handover.ts";
import type { Loose } from "./platform.ts";

/** A list that a page's own `toJSON` of arrays has no say in. */
type Plain<List> = List & { toJSON?: 0 };

// A block keeps its names out of the page.
{
  const { aviary, performance: clock } = window;
  const items: Item[] = [];
  const put = (item: Item): void => {
    if (!items[499]) items.push(item);
  };
  // Where there is no clock, no message is sent: whatever an item says then.
  const now = (): number => {
    try {
      return clock.now();
    } catch {}
    return undefined as never;
  };
  const evalStart = now();

  aviary.track = (...said) => put(said);
  aviary.span =
    (name, startMs = now()) =>
    (changes) =>
      put([name, startMs, now(), changes]);

  const config = aviary.beacon;
  // One draw, before anything is known of arms.
  const sampled = (Math.random() * config.sampleRate || 1) < 1;
  if (sampled || config.earlyAlways) {
    // Also stands for what a browser does not have: until it is filled, it has nothing of it.
    const early: Plain<unknown[]> = [];
    const script = document.currentScript as HTMLScriptElement;
    const source = script.src;
    // Documents that a script writes into a frame have no entry of their own.
    const [page = early as unknown as Partial<PerformanceNavigationTiming>] =
      clock.getEntriesByType("navigation");
    const resources = clock.getEntriesByType("resource");
    // WebKit leaves the fragment out of an entry's name.
    const fetched: Partial<PerformanceResourceTiming> =
      resources.find((entry) => (source + "#").startsWith(entry.name + "#")) ||
      (early as unknown as object);
    // Sizes that nobody tells are zeros, all three or but the first.
    const sized = fetched.decodedBodySize ? fetched : (early as unknown as typeof fetched);
    const timing = (name: string): Partial<PerformanceServerTiming> =>
      (fetched.serverTiming || (early as PerformanceServerTiming[])).find(
        (entry) => entry.name === name,
      ) || (early as unknown as object);
    const begin = (): void => {
      const network = navigator.connection || (early as unknown as NetworkInformation);
      const times: Plain<unknown[]> = [
        fetched.startTime,
        fetched.redirectStart,
        fetched.redirectEnd,
        fetched.domainLookupStart,
        fetched.domainLookupEnd,
        fetched.connectStart,
        fetched.secureConnectionStart,
        fetched.connectEnd,
        fetched.requestStart,
        fetched.responseStart,
        fetched.responseEnd,
      ];
      // Old libraries give arrays one.
      times.toJSON = early.toJSON = 0;
      early.push(
        ...([
          wireVersion,
          0,
          // Decimal digits are hexadecimal ones, and five numbers have 32 of them but once in
          // 10^13. Three stand in there whole: 96 bits and more.
          crypto.getRandomValues(new Uint32Array(5)).join("").slice(-32),
          0,
          config.earlyAlways ? 1 : config.sampleRate,
          clock.timeOrigin,
          now(),
          Date.now(),
          "sb",
          timing("av").description,
          null,
          0,
          location.host || null,
          (config.templates || (early as string[])).find((template) =>
            location.pathname.match(`^${template.split("*").join(".*")}$`),
          ),
          document.referrer.split("/")[2],
          page.activationStart ? "prerender" : document.wasDiscarded ? "restore" : page.type,
          config.revision,
          config.build,
          config.variant,
          script.hasAttribute("async")
            ? "async"
            : script.defer
              ? "defer"
              : // A parser that waits for a script has early behind it. Of the states only
                // `loading` has seven letters.
                script.async ||
                  script.nextSibling ||
                  (script.parentNode || (early as unknown as ParentNode)).nextSibling ||
                  document.readyState[7]
                ? "dynamic"
                : "sync",
          timing("cache").description as "hit",
          timing("edge").duration,
          null,
          navigator.globalPrivacyControl,
          (fetched.name as undefined) && (times as unknown as Row<"early">[24]),
          sized.transferSize,
          sized.encodedBodySize,
          sized.decodedBodySize,
          sized.contentEncoding,
          fetched.responseStatus || null,
          sized.deliveryType,
          fetched.nextHopProtocol || null,
          fetched.renderBlockingStatus as unknown as boolean,
          evalStart,
          page.responseStart! > 0
            ? Math.max(page.responseStart! - (page.activationStart || 0), 0)
            : null,
          page.activationStart,
          page.confidence && page.confidence.value,
          resources.filter((entry) => entry.initiatorType === "script" && entry !== fetched).length,
          navigator.deviceMemory,
          navigator.hardwareConcurrency,
          navigator.cpuPerformance,
          // The viewport's own size asks phones for a layout.
          outerWidth || null,
          outerHeight || null,
          devicePixelRatio,
          network.effectiveType,
          network.rtt,
          network.downlink,
          network.saveData,
          page.activationStart ? "prerender" : document.visibilityState,
          navigator.webdriver,
        ] as const satisfies Loose<Row<"early">>),
      );
      navigator.sendBeacon(new URL(config.to, source), JSON.stringify(early));
    };
    if (document.prerendering) document.addEventListener("prerenderingchange", begin);
    else begin();
    // Where texts have `at`, the collector and web-vitals have all that they ask for.
    if (sampled && ("".at as unknown)) {
      window.addEventListener("error", put);
      window.addEventListener("unhandledrejection", put);
      script.addEventListener("load", put);
      const path = config.collector as string & { readonly inline?: true };
      script.view = [config, items, source, early];
      if (!path.inline) {
        // Not before the engine ran, which may look for itself among the page's scripts, and
        // which would wait for an element that is made here.
        script.addEventListener("load", () => {
          try {
            const collector = document.createElement("script");
            collector.view = script.view!;
            collector.src = new URL(path, source) as unknown as string;
            (document.head || script).append(collector);
          } catch {}
        });
      }
    }
  }
}
