// GET /js/<snippetId>.js: the snippet as it stands now.
import {
  beaconEssence,
  deliveredBeacon,
  type BeaconBuild,
  type SnippetBeacon,
} from "#src/delivery/beacon.ts";
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import type { SnippetPointer } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { Delivery, Visit } from "./delivery.ts";
import { withPointer, type Servable } from "./find-pointer.ts";
import type { Resource, Selected } from "./make-answer.ts";
import { problem } from "./problem.ts";
import { serveRevision } from "./serve-current.ts";

const snippet: Resource<SnippetPointer> = {
  media: "script",
  contentType: contentTypes.script,
  visibility: "public",
  vary: varyOn.encoding,
  formsOf: ({ content }) => content.composition,
  select,
};

/** The script, or a comment that says why there is none. */
export function serveSnippet(id: string, visit: Visit): Response | Promise<Response> {
  return withPointer({ kind: "snippet", id, media: "script", serve: serveKnown }, visit);
}

function serveKnown(
  { pointer, confirmedAtMs }: Servable,
  delivery: Delivery,
): Response | Promise<Response> {
  if (pointer?.kind !== "snippet") return problem("unknown_id", "script");
  const { held, services, plan } = delivery;
  // The publisher's word counts over any flag.
  const isMuted = held.muted.size > 0 && held.muted.has(pointer.account);
  const heard = isMuted ? { ...delivery, plan: services.plans.muted(plan) } : delivery;
  return serveRevision(snippet, { pointer, confirmedAtMs }, heard);
}

async function select(pointer: SnippetPointer, delivery: Delivery): Promise<Selected> {
  const { services, background, plan } = delivery;
  const { kind, id, account, content } = pointer;
  const { payload, composition } = content;
  const engine = engineOf(pointer, delivery);
  const beacon = beaconOf(pointer, delivery);
  const published = deliveredBeacon(content.beacon);
  const isPublished =
    engine === content.engine &&
    beaconEssence(beacon) === beaconEssence(published) &&
    plan.copy === "";
  const copy = plan.copy === "" ? {} : { copy: plan.copy };
  const of = { snippetId: id, payload, engine, ...(beacon && { beacon }), ...copy };
  return {
    stored: isPublished ? composition : await services.compositions.find(of),
    of: "stable",
    rebuild: async () => {
      const written = await services.compositions.write(of, background);
      return written.ok ? written.value : null;
    },
    remake: () => {
      const project = services.projects(account);
      return isPublished ? project.repair(kind, id) : project.compose(of);
    },
  };
}

/** The beacon that a flag names, else the pointer's own. */
function beaconOf(
  { id, content }: SnippetPointer,
  { plan, held, services }: Delivery,
): SnippetBeacon | undefined {
  const { beacon: version, beaconSampleRate: sampleRate } = plan.parameters;
  const known = version === null ? undefined : held.snapshot.beacons[version];
  if (version !== null && version !== "off" && known === undefined) {
    services.report("beacon_unknown", { snippetId: id, version });
  }
  const build = known as Omit<BeaconBuild, "version"> | undefined;
  return deliveredBeacon(content.beacon, { version, sampleRate, build });
}

type EngineOf = SnippetPointer["content"]["engine"];

/** The engine that a flag names, else the pointer's own. */
function engineOf({ id, content }: SnippetPointer, { plan, held, services }: Delivery): EngineOf {
  const version = plan.parameters.engine;
  if (version === null || version === content.engine.version) return content.engine;
  const sha256 = held.snapshot.engines[version];
  if (sha256 !== undefined) return { version, sha256: sha256 as Digest };
  services.report("engine_unknown", { snippetId: id, version });
  return content.engine;
}
