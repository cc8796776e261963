// Beacons to test with: one of each kind with every field filled in, as a page on a
// phone would send them, and arbitrary ones made from those.
import type { FieldName, Said, Seen } from "#rum/columns.ts";
import { ingest, type Beacon } from "#rum/ingest.ts";
import type { Received } from "#rum/stitch.ts";
import { encodeBeacon, layout, type BeaconKind, type Head } from "#rum/wire.ts";
import { fc } from "../property.ts";

export type SaidBeacon = Said & Head;

const head = {
  "beacon.schema": 1,
  "pv.id": "00112233445566778899aabbccddeeff",
  "pv.index": 0,
  "pv.sample_rate": 10,
  "client.time_origin": 1_795_000_000_000.4,
  "client.clock": 1_795_000_001_000,
  "beacon.token": "1.ya.ai34.16.a1_c-br_k.3k2j1h",
  "session.id": "ffeeddccbbaa99887766554433221100",
} as const;

/** An early beacon with every field. */
export const fullEarly: SaidBeacon = {
  ...head,
  "stitch.late_seq": 0,
  "client.sent_at": 341.2,
  "stitch.transport": "keepalive",
  "snippet.error_count": 0,
  "url.domain": "shop.example",
  "url.template": "/product/:id",
  "referrer.domain": "search.example",
  "browser.web_vital.navigation_type": "navigate",
  "snippet.payload_digest": "3da137979d4e",
  "snippet.build": "2.1.0-rc.1",
  "beacon.version": "1.4.0",
  "snippet.load_mode": "async",
  "edge.cache_status": "hit",
  "edge.dur_ms": 0.4,
  "privacy.gpc": false,
  "snippet.timing": [100, 0, 0, 101, 111, 111, 121, 151.5, 152, 180.25, 200],
  "snippet.transfer_size": 9_300,
  "snippet.encoded_size": 9_000,
  "snippet.decoded_size": 30_000,
  "snippet.content_encoding": "br",
  "snippet.http_status": 200,
  "snippet.delivery_type": "",
  "network.protocol.version": "h3",
  "snippet.render_blocking": false,
  "snippet.eval_start": 212.5,
  "ttfb.value": 80.5,
  "nav.activation_start": 0,
  "nav.confidence": "high",
  "tp.before_snippet": 3,
  "device.memory": 4,
  "device.cpu_count": 8,
  "device.cpu_performance": 2,
  "browser.width": 412,
  "browser.height": 915,
  "browser.dpr": 2.625,
  "network.effective_type": "4g",
  "network.rtt": 100,
  "network.downlink": 9.5,
  "network.save_data": false,
  "page.visibility_at_start": "visible",
  "beacon.webdriver": false,
};

/** The first late beacon of the same view, with every field. */
export const fullLate: SaidBeacon = {
  ...head,
  "stitch.late_seq": 1,
  "client.sent_at": 5_341.2,
  "client.clock": 1_795_000_006_000,
  "stitch.transport": "sb",
  "snippet.error_count": 1,
  "feature_flags.active": ["checkout:b", "banner:off"],
  "snippet.eval_ms": 4.5,
  "snippet.compile_ms": 1.5,
  "snippet.span.config_ms": 0.5,
  "snippet.span.targeting_ms": 1,
  "snippet.span.bucketing_ms": 0.25,
  "snippet.span.apply_ms": 2,
  "snippet.async_ms": 6,
  "snippet.max_task_ms": 4.5,
  "snippet.forced_layout_ms": 0.75,
  "snippet.first_change": 216,
  "snippet.changes": 3,
  "nav.timing": [0, 0, 0, 5, 15, 15, 20, 40, 40.5, 80.5, 120.5],
  "nav.first_interim": 60,
  "nav.dom_interactive": 300,
  "nav.dcl_end": 320.5,
  "nav.load_end": 900,
  "nav.transfer_size": 21_000,
  "nav.delivery_type": "",
  "nav.server_timing": ["cdn;12"],
  "fcp.value": 210.5,
  "lcp.value": 640,
  "lcp.resource_load_delay": 100,
  "lcp.resource_load_duration": 300,
  "lcp.element_render_delay": 159.5,
  "lcp.element": "main>img.hero",
  "lcp.url_domain": "images.example",
  "cls.value": 0.0123,
  "cls.largest_shift_target": "#banner",
  "cls.largest_shift_time": 700,
  "inp.value": 96,
  "inp.input_delay": 10,
  "inp.processing_duration": 50,
  "inp.presentation_delay": 36,
  "inp.interaction_target": "button.add",
  "inp.interaction_type": "pointer",
  "inp.longest_script_host": "tags.example",
  "inp.longest_script_ms": 41,
  "interaction.count": 4,
  "longtask.count": 2,
  "longtask.total_ms": 180,
  "tbt.value": 80,
  "loaf.count": 2,
  "loaf.max_ms": 110,
  "loaf.blocking_ms": 75,
  "loaf.script_ms": 140,
  "loaf.style_layout_ms": 12,
  "loaf.own_ms": 5,
  "beacon.neighbours": [["tags.example", 3, 90_000, 41]],
  "tp.script_count": 7,
  "tp.opaque_count": 2,
  "tp.bytes": 310_000,
  "tp.blocking_scripts": 1,
  "memory.used_js_heap": 10_000_000,
  "dom.nodes": 1_450,
  "error.count": 1,
  "rejection.count": 0,
  "exception.type": "TypeError",
  "exception.first_host": "tags.example",
  "exception.message_hash": "9f3a2c",
  "csp.violations": 0,
  "page.first_hidden": 5_340,
  "page.visible_ms": 5_340,
  "page.end_at": 5_341,
  "page.end_reason": "hidden",
  "page.bfcache_restores": 0,
  "page.not_restored_reasons": ["unload-listener"],
  "resource.count": 88,
  "resource.buffer_full": false,
  "beacon.events": [["added", 2, 39.9]],
  "beacon.marks": [
    ["theme", "dark"],
    ["member", true],
    ["basket", 3],
  ],
  "beacon.omitted_count": 0,
};

/** A text as the server takes it in; throws for one that it refuses. */
export function taken(text: string): Beacon {
  const beacon = ingest(text);
  if (!beacon.ok) throw new Error(JSON.stringify(beacon.error));
  return beacon.value;
}

/** A beacon as the server takes it in. */
export function beaconOf(said: SaidBeacon): Beacon {
  return taken(encodeBeacon(said));
}

const reserved: readonly FieldName[] = [
  "beacon.schema",
  "stitch.late_seq",
  "pv.id",
  "pv.index",
] satisfies readonly (keyof Head)[];

/** Any beacon of a kind: some of its fields, with numbers of many sizes. */
export function anySaid(kind: BeaconKind): fc.Arbitrary<SaidBeacon> {
  const full = kind === "early" ? fullEarly : fullLate;
  // A retired position has no value.
  const optional = layout[kind].filter(({ name }) => !reserved.includes(name) && name in full);
  const values = optional.map(({ name, read }) => {
    const usual = full[name];
    const near = fc.double({ min: 0, max: 100, noNaN: true }).map((each) => each + 0);
    return typeof usual === "number"
      ? fc.oneof(near, fc.nat(100)).map((each) => read(each) ?? usual)
      : fc.constant(usual);
  });
  const fields = fc.record(
    Object.fromEntries(optional.map(({ name }, at) => [name, values[at] ?? fc.constant(null)])),
    { requiredKeys: [] },
  );
  const least: Head = {
    "beacon.schema": 1,
    "stitch.late_seq": full["stitch.late_seq"],
    "pv.id": full["pv.id"],
    "pv.index": full["pv.index"],
  };
  return fields.map((some) => Object.assign({}, least, some));
}

/** A beacon as stitching takes it; `seen` is what the server knows of its request. */
export function received(said: SaidBeacon, seen: Seen = {}): Received {
  return { ...beaconOf(said), seen };
}
