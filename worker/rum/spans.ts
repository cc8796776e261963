// A wide event as the spans of a trace: the view or the request, and within it what is
// known to have taken time. Durations whose beginning nobody saw are placed by a rule,
// and say so.
import type { WideEvent } from "./wide-event.ts";

/** Where a span's beginning is from: seen, after the one before it, or nobody knows. */
type Placement = "seen" | "in_order" | "unknown";

export type Span = {
  /** One of a few: two spans of an event have different names. */
  readonly name: string;
  /** The name of the span that it is a part of; undefined for the root. */
  readonly parent: string | undefined;
  readonly kind: "internal" | "client" | "server";
  readonly placement: Placement;
  /** Ms since 1970, by the server's clock. */
  readonly startMs: number;
  readonly endMs: number;
  /** Columns that the span is made of; of the root all. */
  readonly columns: WideEvent;
};

const rootNames = {
  page_view: "pageview",
  late_only: "late_only",
  page_update: "page_update",
  delivery: "delivery",
  pipeline: "pipeline",
} as const satisfies Record<NonNullable<WideEvent["event.kind"]>, string>;

/** The spans of an event, its root first; every one begins and ends within the root. */
export function spansOf(event: WideEvent): readonly Span[] {
  const kind = event["event.kind"] ?? "page_view";
  const name = rootNames[kind];
  const startMs = originMs(event);
  const parts = partsOf(event).map((part) => spanOf(part, { root: name, startMs }));
  const lasts = [
    event["delivery.edge_ms"],
    event["nav.load_end"],
    event["page.end_at"],
    event["client.sent_at"],
  ].map((each) => startMs + (each ?? 0));
  const root: Span = {
    name,
    parent: undefined,
    kind: kind === "delivery" ? "server" : "internal",
    placement: "seen",
    startMs,
    endMs: Math.max(...lasts, ...parts.map(({ endMs }) => endMs)),
    columns: event,
  };
  return [root, ...parts];
}

const longestTabMs = 30 * 86_400_000;

/** When the view began by the server's clock: never after its first beacon came. */
function originMs(event: WideEvent): number {
  const takenMs = Date.parse(event["event.at"] ?? "");
  const { "client.time_origin": origin, "stitch.clock_skew_ms": skewMs = 0 } = event;
  if (origin === undefined) return takenMs;
  const beganMs = origin + skewMs;
  // A page may say anything of its clock.
  return beganMs > takenMs || beganMs < takenMs - longestTabMs ? takenMs : beganMs;
}

/** A part of the view; `from` in ms since it began. */
type Part = Pick<Span, "name" | "kind" | "placement" | "columns"> & {
  readonly parent?: string;
  readonly from: number;
  readonly lastsMs: number;
};

function spanOf(part: Part, { root, startMs }: { root: string; startMs: number }): Span {
  const { from, lastsMs, parent = root, ...rest } = part;
  const beganMs = startMs + from;
  return { ...rest, parent, startMs: beganMs, endMs: beganMs + lastsMs };
}

const evaluation = "snippet.evaluate";

function partsOf(event: WideEvent): readonly Part[] {
  return [...fetchOf(event), ...evaluationOf(event), ...neighboursOf(event)];
}

function fetchOf(event: WideEvent): readonly Part[] {
  const { "snippet.fetch_start": from, "snippet.response_end": end } = event;
  if (from === undefined || end === undefined || end < from) return [];
  const part = { kind: "client", placement: "seen", columns: {} } as const;
  return [{ ...part, name: "snippet.fetch", from, lastsMs: end - from }];
}

function evaluationOf(event: WideEvent): readonly Part[] {
  const { "snippet.eval_start": from, "snippet.eval_ms": lastsMs } = event;
  if (from === undefined || lastsMs === undefined) return [];
  const inner: readonly (readonly [string, number | undefined])[] = [
    ["snippet.config", event["snippet.span.config_ms"]],
    ["snippet.targeting", event["snippet.span.targeting_ms"]],
    ["snippet.bucketing", event["snippet.span.bucketing_ms"]],
    ["snippet.apply", event["snippet.span.apply_ms"]],
  ];
  const parts: Part[] = [];
  let next = from;
  for (const [name, innerMs] of inner) {
    if (innerMs === undefined) continue;
    const placed = { kind: "internal", placement: "in_order", columns: {} } as const;
    parts.push({ ...placed, name, parent: evaluation, from: next, lastsMs: innerMs });
    next += innerMs;
  }
  const whole = { kind: "internal", placement: "seen", columns: {} } as const;
  // The browser's clock is coarse: what is inside may seem to last longer than the whole.
  return [{ ...whole, name: evaluation, from, lastsMs: Math.max(lastsMs, next - from) }, ...parts];
}

function neighboursOf(event: WideEvent): readonly Part[] {
  return ([1, 2, 3] as const).flatMap((at) => {
    const entity = event[`tp.block.${at}.entity`];
    const lastsMs = event[`tp.block.${at}.ms`];
    if (entity === undefined || lastsMs === undefined) return [];
    const columns = { [`tp.block.${at}.entity`]: entity, [`tp.block.${at}.ms`]: lastsMs };
    const part = { kind: "internal", placement: "unknown", columns } as const;
    return [{ ...part, name: `third_party.${at}`, from: 0, lastsMs }];
  });
}
