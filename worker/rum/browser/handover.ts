// What the early part leaves for the collector, on the script element that the
// collector finds at `document.currentScript`.
import type { BeaconConfig } from "#rum/beacon-config.ts";

/** One call of the engine's span: its name, start and end, and how many changes it made. */
export type SpanItem = readonly [
  name: string,
  start: number,
  end: number,
  changes: number | undefined,
];

/** One call of `aviary.track`. */
type TrackItem = readonly [name: string, said?: { readonly value?: unknown }];

/** What waits to be summed up: spans, tracked events, and events of the page. */
export type Item = SpanItem | TrackItem | Event;

export type Handover = readonly [
  config: BeaconConfig,
  /** At most 500; the collector takes them out. */
  items: Item[],
  /** The snippet's URL, as the page spells it. */
  source: string,
  /** The early beacon; empty until it was sent, as while the page is prerendered. */
  early: unknown[],
];

/** What the page sees at `self.aviary`. */
type Aviary = {
  readonly beacon: BeaconConfig;
  /** The customer's own flags, as `key:variant`; set by the engine. */
  readonly flags?: readonly string[];
  /** Counts an event of the customer's business. */
  track: (...said: TrackItem) => void;
  /** Begins a span; what it returns ends it, and takes how many changes it made. */
  span: (name: string, startMs?: number) => (changes?: number) => void;
};

declare global {
  interface Window {
    readonly aviary: Aviary;
  }
  interface HTMLScriptElement {
    view?: Handover;
  }
}
