// The wide event of one sampled delivery request: what speaks for those whose page never
// says a word, and for SDKs, which have no page. Knows no request: what is asked of one
// arrives as facts.
import { schemaVersion, type ColumnValues } from "./columns.ts";
import { protocolOf } from "./protocol.ts";
import type { WideEvent } from "./wide-event.ts";

/** What the edge knows of a request that it has answered. */
export type DeliveryFacts = {
  /** A name that no other event has. */
  readonly id: string;
  readonly atMs: number;
  /** The request stands for that many. */
  readonly sampleRate: number;
  readonly route: NonNullable<ColumnValues["delivery.route"]>;
  /** Of the snippet or the datafile. */
  readonly itemId: string;
  readonly account: string | undefined;
  readonly status: number;
  /** Where the body was; undefined where there was none to look for. */
  readonly cache: ColumnValues["delivery.cache"];
  readonly edgeMs: number;
  readonly delayMs: number;
  readonly bytes: number;
  /** Content coding; null for none. */
  readonly encoding: string | null;
  readonly userAgent: string;
  /** `request.cf`, of which a few properties are read. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly epoch: number;
  readonly arms: Readonly<Record<string, string>>;
  /** The visitor's; undefined where nobody can be told apart. */
  readonly bucket: number | undefined;
};

/** The row of a request. */
export function deliveryEvent(facts: DeliveryFacts): WideEvent {
  const { properties } = facts;
  const clientKind = clientKindOf(facts.userAgent, facts.route);
  const loose: Loose = {
    "event.id": facts.id,
    "event.kind": "delivery",
    "event.at": new Date(facts.atMs).toISOString(),
    "schema.version": schemaVersion,
    "account.id": facts.account,
    "snippet.id": facts.itemId,
    "edge.colo": textOf(properties["colo"]),
    "delivery.epoch": facts.epoch,
    "delivery.arms": facts.arms,
    "delivery.bucket": facts.bucket,
    "delivery.delay_ms": facts.delayMs,
    "network.protocol.version": protocolOf(properties["httpProtocol"]),
    "geo.country.iso_code": textOf(properties["country"]),
    "client.as.number": numberOf(properties["asn"]),
    "user_agent.synthetic.type": clientKind === "bot" ? "bot" : undefined,
    "delivery.sample_rate": facts.sampleRate,
    "delivery.route": facts.route,
    "delivery.status": facts.status,
    "delivery.cache": facts.cache,
    "delivery.edge_ms": facts.edgeMs,
    "delivery.bytes": facts.bytes,
    "delivery.encoding": facts.encoding ?? undefined,
    "delivery.client_kind": clientKind,
  };
  const told = Object.entries(loose).filter(([, value]) => value !== undefined);
  return Object.fromEntries(told) as WideEvent;
}

type Loose = { readonly [K in keyof ColumnValues]: ColumnValues[K] | undefined };

const bots = /bot|crawl|spider|slurp|preview|monitor/i;

/** Who asks: browsers say that they are Mozilla, and of datafiles the rest are SDKs. */
function clientKindOf(
  userAgent: string,
  route: DeliveryFacts["route"],
): NonNullable<ColumnValues["delivery.client_kind"]> {
  if (bots.test(userAgent)) return "bot";
  if (userAgent.startsWith("Mozilla/")) return "browser";
  return route === "datafile" ? "sdk" : "other";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
