// What the control API answers about beacons.
import type * as v from "valibot";
import {
  beaconList,
  beaconPolicyView,
  beaconPublished,
  beaconView,
  type beaconPolicyBody,
} from "#src/admin/beacon-contract.ts";
import { send } from "./call.ts";
import type { Connection } from "./connection.ts";
import { absent, get } from "./requests.ts";

type Policy = v.InferOutput<typeof beaconPolicyView>;

/** The two scripts of a beacon, as text. */
type BeaconTexts = { readonly early: string; readonly collector: string };

/** All that can be asked about beacons. */
export function beaconApi(connection: Connection) {
  return { list, show, find, publish, policy, setPolicy };

  async function list() {
    return (await send(connection, get("/api/v1/beacons", beaconList))).beacons;
  }

  function show(version: string) {
    return send(connection, get(`/api/v1/beacons/${version}`, beaconView));
  }

  /** The beacon, or null. */
  function find(version: string) {
    return show(version).catch(absent);
  }

  function publish(version: string, texts: BeaconTexts) {
    return send(connection, {
      method: "PUT",
      path: `/api/v1/beacons/${version}`,
      headers: { "content-type": "application/json" },
      body: new TextEncoder().encode(JSON.stringify(texts)),
      label: `beacon ${version}`,
      names: { early: "<early>", collector: "<collector>", version: "<version>" },
      answer: beaconPublished,
    });
  }

  function policy(): Promise<Policy> {
    return send(connection, get("/api/v1/beacon-policy", beaconPolicyView));
  }

  /** Sets what holds for all snippets; a conflict where `before` no longer stands. */
  function setPolicy(
    wanted: v.InferInput<typeof beaconPolicyBody>,
    before: Policy,
  ): Promise<Policy> {
    return send(connection, {
      method: "PUT",
      path: "/api/v1/beacon-policy",
      headers: { "content-type": "application/json", "if-match": `"${before.revision}"` },
      body: new TextEncoder().encode(JSON.stringify(wanted)),
      names: { current: "<version>", sampleRate: "--sample-rate", mutedAccounts: "<account>" },
      answer: beaconPolicyView,
    });
  }
}
