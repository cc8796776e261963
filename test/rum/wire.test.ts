import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { ingest } from "#rum/ingest.ts";
import { earlyPrivacyGpc, earlyTtfbValue } from "#rum/positions.ts";
import * as positions from "#rum/positions.ts";
import { encodeBeacon, layout, type BeaconKind, type Row } from "#rum/wire.ts";
import { constantOf } from "../../worker/build/wire-positions.ts";
import { fc } from "../property.ts";
import { anySaid, beaconOf, fullEarly, fullLate } from "./beacons.ts";

/** The positions of version 1. Pages in the wild rely on them: add to the end, change nothing. */
const pinned: { readonly [B in BeaconKind]: string } = {
  early: `
    beacon.schema stitch.late_seq pv.id pv.index pv.sample_rate client.time_origin
    client.sent_at client.clock stitch.transport beacon.token session.id snippet.error_count
    url.domain url.template referrer.domain browser.web_vital.navigation_type
    snippet.payload_digest
    snippet.build beacon.version snippet.load_mode edge.cache_status edge.dur_ms
    beacon.retired privacy.gpc snippet.timing snippet.transfer_size snippet.encoded_size
    snippet.decoded_size snippet.content_encoding snippet.http_status snippet.delivery_type
    network.protocol.version snippet.render_blocking snippet.eval_start ttfb.value
    nav.activation_start nav.confidence tp.before_snippet device.memory device.cpu_count
    device.cpu_performance browser.width browser.height browser.dpr network.effective_type
    network.rtt network.downlink network.save_data page.visibility_at_start beacon.webdriver`,
  late: `
    beacon.schema stitch.late_seq pv.id pv.index pv.sample_rate client.time_origin
    client.sent_at client.clock stitch.transport beacon.token session.id snippet.error_count
    feature_flags.active snippet.eval_ms snippet.compile_ms snippet.span.config_ms
    snippet.span.targeting_ms snippet.span.bucketing_ms snippet.span.apply_ms snippet.async_ms
    snippet.max_task_ms snippet.forced_layout_ms snippet.first_change snippet.changes nav.timing
    nav.first_interim nav.dom_interactive nav.dcl_end nav.load_end nav.transfer_size
    nav.delivery_type nav.server_timing fcp.value lcp.value lcp.resource_load_delay
    lcp.resource_load_duration lcp.element_render_delay lcp.element lcp.url_domain cls.value
    cls.largest_shift_target cls.largest_shift_time inp.value inp.input_delay
    inp.processing_duration inp.presentation_delay inp.interaction_target inp.interaction_type
    inp.longest_script_host inp.longest_script_ms interaction.count longtask.count
    longtask.total_ms tbt.value loaf.count loaf.max_ms loaf.blocking_ms loaf.script_ms
    loaf.style_layout_ms loaf.own_ms beacon.neighbours tp.script_count tp.opaque_count tp.bytes
    tp.blocking_scripts memory.used_js_heap dom.nodes error.count rejection.count exception.type
    exception.first_host exception.message_hash csp.violations page.first_hidden page.visible_ms
    page.end_at page.end_reason page.bfcache_restores page.not_restored_reasons resource.count
    resource.buffer_full beacon.events beacon.marks beacon.omitted_count`,
};

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

describe("the positions of fields", () => {
  it.each(["early", "late"] as const)("never move in the %s beacon", (kind) => {
    expect(layout[kind].map(({ name }) => name)).toEqual(words(pinned[kind]));
  });

  it.each(["early", "late"] as const)("are constants for the page's code: %s", (kind) => {
    const written = Object.entries(positions).filter(([name]) => name.startsWith(kind));
    const known = layout[kind].map(({ name }, at) => [constantOf(kind, name), at]);
    expect(new Map(written)).toEqual(new Map(known as [string, number][]));
  });

  it("cost the page's code a number each: neither a name nor the table comes along", async () => {
    const source = `
      import { earlyPvId, earlyTtfbValue, earlyUrlDomain } from "#rum/positions.ts";
      const row = [1, 0];
      row[earlyPvId] = crypto.randomUUID();
      row[earlyUrlDomain] = location.host;
      row[earlyTtfbValue] = performance.now();
      navigator.sendBeacon("/t/1", JSON.stringify(row));`;
    const byHand = source
      .replace(/import.*\n/, "")
      .replace("earlyPvId", "2")
      .replace("earlyUrlDomain", "12")
      .replace("earlyTtfbValue", "34");
    const code = await bundled(source);
    expect(code).toHaveLength((await bundled(byHand)).length);
    expect(brotli(code)).toBeLessThan(150);
  });

  it("have types, so that the page's code puts no value where it does not belong", () => {
    const row: Row<"early"> = { [earlyTtfbValue]: 80.5, [earlyPrivacyGpc]: true };
    // @ts-expect-error A moment is a number.
    const wrong: Row<"early"> = { [earlyTtfbValue]: "80.5" };
    const id = fullEarly["pv.id"];
    const literal = [1, 0, id, 0, 10] as const satisfies Row<"early">;
    // @ts-expect-error The index comes after the id.
    const swapped = [1, 0, 0, id, 10] as const satisfies Row<"early">;
    expect([row, wrong].map((each) => Object.keys(each))).toEqual([["23", "34"], ["34"]]);
    expect([literal, swapped].map((each) => ingest(JSON.stringify(each)).ok)).toEqual([
      true,
      false,
    ]);
  });
});

async function bundled(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: "ts", resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "iife",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

function brotli(text: string): number {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return brotliCompressSync(Buffer.from(text), { params }).byteLength;
}

describe("encodeBeacon", () => {
  it("is a JSON array with null for what there is not, and nothing past the last value", () => {
    const { "pv.id": id } = fullEarly;
    const least = { "beacon.schema": 1, "stitch.late_seq": 0, "pv.id": id, "pv.index": 0 };
    expect(encodeBeacon(least)).toBe(`[1,0,"${id}",0]`);
    expect(encodeBeacon({ ...least, "client.time_origin": 5 })).toBe(`[1,0,"${id}",0,null,5]`);
  });

  it("keeps a beacon with every field far below what browsers send at exit", () => {
    expect(encodeBeacon(fullEarly).length).toBeLessThan(1_000);
    expect(encodeBeacon(fullLate).length).toBeLessThan(1_200);
  });

  it("comes back as it was: full beacons", () => {
    expect(beaconOf(fullEarly)).toMatchObject({ said: fullEarly, dropped: [], unknownCount: 0 });
    expect(beaconOf(fullLate)).toMatchObject({ said: fullLate, dropped: [], unknownCount: 0 });
  });

  it("comes back as it was: any beacon", () => {
    fc.assert(
      fc.property(fc.oneof(anySaid("early"), anySaid("late")), (said) => {
        const text = encodeBeacon(said);
        expect(beaconOf(said)).toEqual({ said, dropped: [], unknownCount: 0, chars: text.length });
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["early", fullEarly],
    ["late", fullLate],
  ] as const)("has an example for every field of the %s beacon", (kind, said) => {
    const fields = layout[kind].map(({ name }) => name).filter((name) => name !== "beacon.retired");
    expect(Object.keys(said).toSorted()).toEqual(fields.toSorted());
  });
});
