// Wide events to send: one of a page view with every column, and batches of copies.
import type { Seen } from "#rum/columns.ts";
import { wideEvent, type WideEvent } from "#rum/wide-event.ts";
import type { SinkBatch } from "#src/adapters/sinks/sink.ts";
import { fullEarly, fullLate, received } from "../../rum/beacons.ts";

const earlyAtMs = Date.parse("2026-11-23T12:00:00.000Z");

const seen: Seen = {
  "account.id": "acme",
  "snippet.id": "demo",
  "service.name": "acme/shop",
  "edge.colo": "FRA",
  "geo.country.iso_code": "DE",
  "user_agent.name": "Chrome",
  "browser.mobile": true,
  "client.as.number": 3_320,
  "delivery.arms": { "engine-6-7": "canary", "brotli-11": "control" },
  "delivery.epoch": 42,
  "delivery.token_ok": true,
  "tp.entities": ["Tags", "Ads"],
  "tp.block.1.entity": "Tags",
  "tp.block.1.ms": 41,
};

/** The number in 32 hexadecimal digits. */
function viewId(number: number): string {
  return number.toString(16).padStart(32, "0");
}

/** A page view of both its beacons with every column that they speak of. */
export function pageView(number = 1, atMs = earlyAtMs): WideEvent {
  const head = { "pv.id": viewId(number) };
  return wideEvent({
    kind: "page_view",
    arrivals: [
      { beacon: received({ ...fullEarly, ...head }, seen), atMs },
      { beacon: received({ ...fullLate, ...head }, seen), atMs: atMs + 5_000 },
    ],
    duplicates: 0,
  });
}

/** Views `first` to `first + count - 1`, under those numbers. */
export function batchOf(count: number, first = 1): SinkBatch {
  const events = Array.from({ length: count }, (_, at) => ({
    seq: first + at,
    event: pageView(first + at),
  }));
  return { shard: "s7", events };
}
