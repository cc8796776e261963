// The arms of a page view whose browser keeps `Server-Timing` of other origins to itself:
// worked out from its early beacon, which comes from the same visitor as the delivery of
// its snippet did. Refuses where that may have been too long ago.
// docs/decisions/0025-arms-without-headers.md
import { inferArms } from "#flags/infer.ts";
import { defaultParameters } from "#flags/parameters.ts";
import type { Rollout } from "#flags/rollout.ts";
import type { Seen } from "#rum/columns.ts";
import type { Beacon } from "#rum/ingest.ts";
import type { Pointer } from "#src/delivery/pointer.ts";
import type { Visit } from "./delivery.ts";
import { RequestContext } from "./request-context.ts";

/** Longest that a document has been there: one that is older says little of its snippet. */
const oldestPageMs = 120_000;
/** Isolates hear of a change within that, while the Registry answers. */
const heardWithinMs = 10_000;

/** The columns of the arms; none where the page could have told, or nobody can. */
export function inferredColumns({ said }: Beacon, visit: Visit, { account, id }: Pointer): Seen {
  const { held, headers, nowMs } = visit;
  const { plan, snapshot } = held;
  const pageMs = said["client.sent_at"] ?? Number.POSITIVE_INFINITY;
  if (!plan.isTrial || !isUntold(said) || pageMs > oldestPageMs) return {};
  // What is shown to one person is nobody's evidence.
  if (headers.has("aviary-preview")) return {};
  const { rollouts, epoch, signsSinceMs: namedSinceMs } = snapshot;
  const subject = new RequestContext(visit, { kind: "snippet", id, account });
  const sinceMs = nowMs - pageMs - keptForMs(rollouts) - heardWithinMs;
  const arms = inferArms({ plan, rollouts, subject, sinceMs, namedSinceMs });
  const isInArm = Object.values(arms).some((arm) => arm !== "unknown");
  const bucket = isInArm ? subject.named?.bucket : undefined;
  return {
    "delivery.epoch": epoch,
    "delivery.arms": arms,
    "delivery.arms_source": "inferred",
    ...(bucket !== undefined && { "delivery.bucket": bucket }),
  };
}

/** Whether it is the early beacon of a page that its browser told nothing of the edge. */
function isUntold(said: Beacon["said"]): boolean {
  const isEarly = said["stitch.late_seq"] === 0 && said["pv.index"] === 0;
  if (!isEarly || said["beacon.token"] !== undefined) return false;
  // The edge always says where the snippet was: a page that knows has read all there is.
  if (said["edge.cache_status"] !== undefined) return false;
  // Going back takes what the cache has, however old.
  const how = said["browser.web_vital.navigation_type"];
  return how === "navigate" || how === "reload";
}

/** Longest that a browser keeps a snippet, whatever flag said so, those that ended too. */
function keptForMs(rollouts: readonly Rollout[]): number {
  let { browserMaxAgeS, staleWhileRevalidateS } = defaultParameters;
  for (const { patch } of rollouts) {
    browserMaxAgeS = Math.max(browserMaxAgeS, patch.browserMaxAgeS ?? 0);
    staleWhileRevalidateS = Math.max(staleWhileRevalidateS, patch.staleWhileRevalidateS ?? 0);
  }
  return (browserMaxAgeS + staleWhileRevalidateS) * 1_000;
}
