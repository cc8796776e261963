// The wide event of one sampled delivery request: what speaks for those whose page never
// says a word, and for SDKs, which have no page. Knows no request: what is asked of one
// arrives as facts.
import { schemaVersion, type ColumnValues, type Seen } from "./columns.ts";
import { edgeColumns } from "./edge-columns.ts";
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
  /** What that says, as of a beacon's sender. */
  readonly sender: Seen;
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
  const { account, itemId } = facts;
  const clientKind = clientKindOf(facts);
  const loose: Loose = {
    ...edgeColumns(properties),
    ...(clientKind === "sdk" ? withoutType(facts.sender) : facts.sender),
    "event.id": facts.id,
    "event.kind": "delivery",
    "event.at": new Date(facts.atMs).toISOString(),
    "schema.version": schemaVersion,
    "account.id": account,
    "snippet.id": itemId,
    "service.name": account === undefined ? undefined : `${account}/${itemId}`,
    "delivery.epoch": facts.epoch,
    "delivery.arms": facts.arms,
    "delivery.arms_source": "edge",
    "delivery.bucket": facts.bucket,
    "delivery.delay_ms": facts.delayMs,
    "network.protocol.version": protocolOf(properties["httpProtocol"]),
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

/**
 * Who asks. Browsers say that they are Mozilla, and so do the robots that drive one; of
 * datafiles the rest are SDKs, whose HTTP libraries would pass for robots elsewhere.
 */
function clientKindOf({
  userAgent,
  sender,
  route,
}: DeliveryFacts): NonNullable<ColumnValues["delivery.client_kind"]> {
  const isMozilla = userAgent.startsWith("Mozilla/");
  if (route === "datafile" && !isMozilla) return "sdk";
  if (sender["user_agent.synthetic.type"] === "bot") return "bot";
  return isMozilla ? "browser" : "other";
}

/** An SDK is a program by trade: that it is one says nothing against it. */
function withoutType(sender: Seen): Loose {
  return { ...sender, "user_agent.synthetic.type": undefined };
}
