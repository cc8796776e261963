// The sink that canaries are judged by: every live flag's `Rollout` object gets what its
// guardrails read of each event. A batch is taken once all of them have it; those that had it
// already count nothing twice, because evidence keeps a cursor for each shard.
import { isLive, type Rollout } from "#flags/rollout.ts";
import { isHosting } from "#rum/automation.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import type { FlagRegistryRpc } from "#src/adapters/flag-registry.ts";
import type { RolloutRpc } from "#src/adapters/rollouts.ts";
import { murmur3 } from "#base/murmur3.ts";
import { evidenceColumns } from "#src/canary/rollout-policy.ts";
import type { EvidenceEvent } from "#src/canary/evidence.ts";
import { visitorBuckets } from "#flags/token.ts";
import { allTaken } from "./outcome.ts";
import type { Sink, SinkBatch, SinkOutcome } from "./sink.ts";

export type EvidenceDependencies = {
  readonly registry: () => Pick<FlagRegistryRpc, "rollouts">;
  readonly rollout: (name: string) => Pick<RolloutRpc, "take">;
  /** Ms since 1970. */
  readonly now: () => number;
};

/** Flags that go live are judged from what comes after so long. */
const rolloutsFreshMs = 2_000;

/** An object in the midst of a deploy answers again within seconds. */
const retryAfterMs = 1_000;

/** The sink of all live flags. */
export function evidenceSink(dependencies: EvidenceDependencies): Sink {
  let known: readonly Rollout[] = [];
  let knownAtMs = Number.NEGATIVE_INFINITY;
  return { name: "evidence", most: { events: 500, bytes: 2_000_000, ageMs: 1_000 }, send };

  async function send({ shard, events: all }: SinkBatch): Promise<SinkOutcome> {
    const events = all.filter(({ event }) => event["event.kind"] !== "pipeline");
    if (events.length === 0) return allTaken;
    try {
      const flags = await liveFlags();
      const outcomes = await Promise.all(
        flags.map(async (rollout) => {
          const columns = evidenceColumns(rollout);
          const own = events.map(({ seq, event }) => observationOf(seq, event, columns));
          const name = `${rollout.flag}:${rollout.code}`;
          return dependencies.rollout(name).take({ shard, events: own });
        }),
      );
      const refused = outcomes.find((each) => !each.ok);
      if (refused === undefined) return allTaken;
      const why = refused.ok ? "" : refused.error.reason;
      return { outcome: "taken", retry: [], refused: events.map(({ seq }) => ({ seq, why })) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { outcome: "failed", why, retryAfterMs };
    }
  }

  async function liveFlags(): Promise<readonly Rollout[]> {
    const nowMs = dependencies.now();
    if (nowMs - knownAtMs >= rolloutsFreshMs) {
      const { rollouts } = await dependencies.registry().rollouts();
      known = rollouts.filter(isLive);
      knownAtMs = nowMs;
    }
    return known;
  }
}

/** What evidence needs of a row: who, when, which arms, and the columns that guardrails read. */
function observationOf(seq: number, event: WideEvent, columns: ReadonlySet<string>): EvidenceEvent {
  const row: Readonly<Record<string, unknown>> = event;
  const read: Record<string, unknown> = {};
  for (const name of columns) if (row[name] !== undefined) read[name] = row[name];
  const arms = armsOf(event);
  const kind = event["event.kind"];
  const route = event["delivery.route"];
  return {
    seq,
    // What the pipeline says of itself was left out before.
    kind: kind === undefined || kind === "pipeline" || isProgram(event) ? "page_update" : kind,
    atMs: Date.parse(event["event.at"] ?? "") || 0,
    epoch: event["delivery.epoch"] ?? 0,
    bucket: event["delivery.bucket"] ?? bucketOf(event, arms),
    arms,
    ...(event["delivery.arms_source"] === "inferred" && { isInferred: true }),
    columns: read,
    ...(route !== undefined && { route }),
  };
}

/** Robots, probes and what comes out of data centres is nobody's page view; SDKs live there. */
function isProgram(event: WideEvent): boolean {
  if (event["delivery.client_kind"] === "sdk") return false;
  const isSaid = event["user_agent.synthetic.type"] !== undefined;
  return isSaid || isHosting(event["client.as.number"]);
}

/** Nobody vouches for the arms of a page whose token did not hold, or that told none. */
function armsOf(event: WideEvent): EvidenceEvent["arms"] {
  const isVouchedFor =
    event["delivery.token_ok"] === true ||
    event["delivery.arms_source"] === "inferred" ||
    event["event.kind"] === "delivery";
  if (!isVouchedFor) return undefined;
  return (event["delivery.arms"] ?? {}) as EvidenceEvent["arms"];
}

// Who is in no arm has no bucket: their token need not name them. Whoever is in one, and has
// none nonetheless, is taken for another visitor each time.
function bucketOf(event: WideEvent, arms: EvidenceEvent["arms"] = {}): number {
  const isInArm = Object.values(arms).some((arm) => arm !== "unknown");
  return isInArm ? murmur3(event["event.id"] ?? "") % visitorBuckets : -1;
}
