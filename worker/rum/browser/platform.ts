// What browsers have and TypeScript's library does not know yet; all of it may be
// missing, and is asked for before it is used. `web-vitals` declares some more.
declare global {
  interface Navigator {
    /** https://privacycg.github.io/gpc-spec/ */
    readonly globalPrivacyControl?: boolean;
    /** https://www.w3.org/TR/device-memory/ */
    readonly deviceMemory?: number;
    /** https://wicg.github.io/cpu-performance/ */
    readonly cpuPerformance?: number;
    /** https://wicg.github.io/netinfo/ */
    readonly connection?: NetworkInformation;
  }

  interface NetworkInformation {
    readonly effectiveType?: "slow-2g" | "2g" | "3g" | "4g";
    readonly rtt?: number;
    readonly downlink?: number;
    readonly saveData?: boolean;
  }

  interface PerformanceResourceTiming {
    readonly contentEncoding?: "br" | "zstd" | "dcb" | "dcz" | "gzip" | "deflate" | "";
    readonly deliveryType?: "" | "cache" | "navigational-prefetch";
    readonly renderBlockingStatus?: "blocking" | "non-blocking";
    readonly firstInterimResponseStart?: number;
  }

  interface PerformanceNavigationTiming {
    /** https://w3c.github.io/navigation-timing/#dom-performancenavigationtiming-confidence */
    readonly confidence?: { readonly value: "high" | "low" };
    /** https://html.spec.whatwg.org/#dom-performancenavigationtiming-notrestoredreasons */
    readonly notRestoredReasons?: {
      readonly reasons?: readonly { readonly reason: string }[] | null;
    } | null;
  }

  interface Performance {
    readonly memory?: { readonly usedJSHeapSize: number };
  }
}

/** Entries of the performance timeline that the collector watches. */
export type EntryOf = {
  readonly event: PerformanceEventTiming;
  readonly "first-input": PerformanceEventTiming;
  readonly "layout-shift": LayoutShift;
  readonly longtask: PerformanceEntry;
  readonly "long-animation-frame": PerformanceLongAnimationFrameTiming;
  readonly resource: PerformanceResourceTiming;
};

/** Values of a beacon's row as browsers give them: undefined where they cannot say. */
export type Loose<Row> = { readonly [At in keyof Row]: Row[At] | undefined };

/** https://wicg.github.io/fetch-later/ */
export type FetchLater = (url: string, init: RequestInit) => { readonly activated: boolean };
