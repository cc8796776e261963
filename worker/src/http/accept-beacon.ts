// POST /t/<snippetId>: a stranger's word on a page view. Bounded in every way, believed
// in nothing that was not checked, and answered 204 where it is a beacon at all.
import { ingest } from "#rum/ingest.ts";
import type { BeaconOutcome } from "#src/adapters/beacon-counts.ts";
import { crossOriginFields } from "#src/delivery/headers.ts";
import { isDeleted, type SnippetPointer } from "#src/delivery/pointer.ts";
import { checkClaims } from "./check-claims.ts";
import type { Visit } from "./delivery.ts";
import { knownPointer } from "./find-pointer.ts";
import { problem, type Failure } from "./problem.ts";
import { readBeacon } from "./read-beacon.ts";
import { senderColumns } from "./sender-columns.ts";

/** 204 for a beacon; else a problem document that says why it is none, or cannot be taken. */
export async function acceptBeacon(snippetId: string, visit: Visit): Promise<Response> {
  const known = await knownPointer("snippet", snippetId, visit);
  if (known === undefined) return refuse(visit, "unavailable");
  const { pointer } = known;
  const isKnown = pointer?.kind === "snippet" && !isDeleted(pointer);
  if (!isKnown) return refuse(visit, "unknown_snippet");
  const { services, held, nowMs } = visit;
  // Pages that browsers hold still speak for a while after their publisher said no.
  const isUnwanted = pointer.content.beacon === "off" || held.muted.has(pointer.account);
  if (isUnwanted) return done(visit, "unwanted");
  if (!(await services.beacons.limits.admits(snippetId, nowMs))) {
    return refuse(visit, "rate_limited");
  }
  return takeBeacon(pointer, visit);
}

async function takeBeacon(pointer: SnippetPointer, visit: Visit): Promise<Response> {
  const { request, cf, services, nowMs } = visit;
  const text = await readBeacon(request);
  if (!text.ok) return refuse(visit, text.error.reason);
  const beacon = ingest(text.value);
  if (!beacon.ok) return refuse(visit, beacon.error.reason);
  const checked = checkClaims(beacon.value, servedWith(pointer, visit));
  const received = { ...checked, seen: senderColumns(checked, visit, pointer) };
  const continent = cf?.["continent"];
  const region = typeof continent === "string" ? continent : undefined;
  const taken = await services.windows.take(received, { nowMs, region });
  if (taken.ok) return done(visit, taken.value);
  const { error } = taken;
  const retryAfterS = error.reason === "overloaded" ? error.retryAfterS : undefined;
  return refuse(visit, error.reason, retryAfterS);
}

function servedWith(pointer: SnippetPointer, { headers, held }: Visit) {
  const isPrivate = headers.get("sec-gpc") === "1";
  return { chosen: pointer.content.beacon, rollouts: held.snapshot.rollouts, isPrivate };
}

const answerFields = [...crossOriginFields, ["cache-control", "no-store"]] as [string, string][];

function count({ services, background, nowMs }: Visit, outcome: BeaconOutcome): void {
  const { counts } = services.beacons;
  counts.add(outcome);
  if (counts.isDue(nowMs)) background.waitUntil(counts.tell(nowMs));
}

function done(visit: Visit, outcome: BeaconOutcome): Response {
  count(visit, outcome);
  return new Response(null, { status: 204, headers: answerFields });
}

const failures = {
  unavailable: "unavailable",
  overloaded: "beacons_overloaded",
  unknown_snippet: "unknown_id",
  rate_limited: "too_many_beacons",
  too_large: "beacon_too_large",
  interrupted: "not_a_beacon",
  not_text: "not_a_beacon",
  not_json: "not_a_beacon",
  not_a_beacon: "not_a_beacon",
  unknown_version: "not_a_beacon",
  invalid_head: "not_a_beacon",
} as const satisfies Partial<Record<BeaconOutcome, Failure>>;

function refuse(visit: Visit, outcome: keyof typeof failures, retryAfterS?: number): Response {
  count(visit, outcome);
  const response = problem(failures[outcome], "json");
  if (retryAfterS !== undefined) response.headers.set("retry-after", String(retryAfterS));
  return response;
}
