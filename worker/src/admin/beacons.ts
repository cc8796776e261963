// Beacons: immutable versions of the two scripts that measure page views, and what
// holds for all snippets. Publishing one changes no snippet.
import { err, type Result } from "#base/result.ts";
import { sha256 } from "#src/adapters/digest.ts";
import { collectorScope } from "#src/adapters/releases.ts";
import type { Beacon } from "#src/adapters/beacon-registry.ts";
import { prepareBeacon, type BeaconTexts } from "#src/delivery/prepare-beacon.ts";
import { missingCodings, type Coding } from "#src/delivery/representation.ts";
import {
  beaconBody,
  beaconLimits,
  beaconPolicyBody,
  beaconVersionSchema,
} from "./beacon-contract.ts";
import { permit, type AdminContext } from "./context.ts";
import { revisionIn } from "./flags.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkDocument, checkShape, readBody, readJson } from "./read-body.ts";
import { viewBeacon } from "./views.ts";

/** PUT /api/v1/beacons/{version}; idempotent, 409 for other bytes under the same version. */
export async function publishBeacon(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "publish", null);
  if (!permitted.ok) return refuse(permitted.error);
  const version = checkVersion(context.req.param("version"));
  if (!version.ok) return refuse(version.error);
  const texts = await readTexts(context.req.raw);
  if (!texts.ok) return refuse(texts.error);
  const prepared = prepareBeacon(texts.value);
  if (!prepared.ok) return refuse(prepared.error);

  const services = context.get("services");
  const before = await services.registry().beacon(version.value);
  if (before !== null && !(await isSame(before, prepared.value))) {
    return refuse({ reason: "beacon_exists", version: version.value });
  }
  const { beacon, missing } = await store(context, version.value, prepared.value);
  const outcome = await services.registry().publishBeacon(beacon);
  if (!outcome.ok) return refuse(outcome.error);
  const { created } = outcome.value;
  const stored = created ? beacon : ((await services.registry().beacon(beacon.version)) ?? beacon);
  const status = created ? 201 : 200;
  const view = { ...viewBeacon(stored), changed: created, missingCodings: missing };
  return Response.json(view, { status });
}

async function isSame(before: Beacon, { early, collector }: BeaconTexts): Promise<boolean> {
  return before.early === (await sha256(early)) && before.collector === (await sha256(collector));
}

async function readTexts(request: Request): Promise<Result<BeaconTexts, Refusal>> {
  const body = await readBody(request, beaconLimits.beacon);
  if (!body.ok) return body;
  return checkDocument(body.value, beaconBody);
}

// The collector is there before anything names it. One that nothing will name, because
// the version is taken, harms nobody.
async function store(
  context: AdminContext,
  version: string,
  { early, collector }: BeaconTexts,
): Promise<{ readonly beacon: Beacon; readonly missing: readonly Coding[] }> {
  const { artifacts, compositions, releases, now } = context.get("services");
  const encoder = new TextEncoder();
  const [earlyBytes, collectorBytes] = [encoder.encode(early), encoder.encode(collector)];
  const publishedAtMs = now();
  const composition = await compositions.store(collectorBytes, { told: context.get("told") });
  const madeAtMs = Math.floor(publishedAtMs / 1_000) * 1_000;
  await releases.put(collectorScope, { composition, madeAtMs });
  const beacon = {
    version,
    early: await artifacts.put(earlyBytes),
    collector: composition.identity.sha256,
    earlyBytes: earlyBytes.byteLength,
    collectorBytes: collectorBytes.byteLength,
    publishedAtMs,
  };
  return { beacon, missing: missingCodings(composition) };
}

/** GET /api/v1/beacons, newest first. */
export async function listBeacons(context: AdminContext): Promise<Response> {
  const beacons = await context.get("services").registry().beacons();
  return Response.json({ beacons: beacons.map(viewBeacon) });
}

/** GET /api/v1/beacons/{version}. */
export async function showBeacon(context: AdminContext): Promise<Response> {
  const version = checkVersion(context.req.param("version"));
  if (!version.ok) return refuse(version.error);
  const beacon = await context.get("services").registry().beacon(version.value);
  if (beacon !== null) return Response.json(viewBeacon(beacon));
  return refuse({ reason: "unknown_id", kind: "beacon", id: version.value });
}

/** GET /api/v1/beacon-policy. */
export async function showBeaconPolicy(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  const policy = await context.get("services").registry().beaconPolicy();
  return Response.json(policy, { headers: { etag: `"${policy.revision}"` } });
}

/** PUT /api/v1/beacon-policy: the beacon for those who have not chosen, and who is not measured. */
export async function putBeaconPolicy(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "operate", null);
  if (!permitted.ok) return refuse(permitted.error);
  const expected = revisionIn(context);
  if (!expected.ok) return refuse(expected.error);
  const body = await readJson(context.req.raw, beaconPolicyBody);
  if (!body.ok) return refuse(body.error);
  const { registry } = context.get("services");
  const outcome = await registry().setBeaconPolicy(body.value, expected.value);
  if (!outcome.ok) return refuse(outcome.error);
  const { revision } = outcome.value;
  return Response.json(outcome.value, { headers: { etag: `"${revision}"` } });
}

function checkVersion(version: string | undefined): Result<string, Refusal> {
  const checked = checkShape(version, beaconVersionSchema);
  if (checked.ok || checked.error.reason !== "invalid") return checked;
  const errors = checked.error.errors.map(({ detail }) => ({ field: "version", detail }));
  return err({ reason: "invalid", errors });
}
