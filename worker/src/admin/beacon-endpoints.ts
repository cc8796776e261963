// The endpoints about beacons, for the OpenAPI document.
import * as contract from "./beacon-contract.ts";
import { beaconLimits } from "./beacon-contract.ts";
import { limits } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";

export const beaconEndpoints: readonly Endpoint[] = [
  {
    method: "get",
    path: "/beacons",
    summary: "All beacons, newest first",
    scope: "read",
    answer: contract.beaconList,
    refusals: [],
  },
  {
    method: "get",
    path: "/beacons/{version}",
    summary: "One beacon",
    scope: "read",
    answer: contract.beaconView,
    refusals: [400, 404],
  },
  {
    method: "put",
    path: "/beacons/{version}",
    summary: "Publish a beacon: an immutable version of both its scripts, which changes no snippet",
    scope: "publish",
    headers: {
      "Content-Digest": "sha-256 of the body (RFC 9530). 400 if the body is another.",
    },
    body: {
      mediaType: "application/json",
      description: "The early part, for inside every snippet, and the collector, classic scripts",
      maxBytes: beaconLimits.beacon,
      schema: contract.beaconBody,
    },
    answer: contract.beaconPublished,
    refusals: [400, 409, 413, 422],
  },
  {
    method: "get",
    path: "/beacon-policy",
    summary: "The beacon of snippets that nobody has chosen one for, and who is not measured",
    scope: "read",
    answer: contract.beaconPolicyView,
    refusals: [],
  },
  {
    method: "put",
    path: "/beacon-policy",
    summary: "Set it; snippets take the beacon when they are next published",
    scope: "operate",
    headers: {
      "If-Match": 'The revision that this change is made against, as in "3". 412 if it has moved.',
    },
    body: {
      mediaType: "application/json",
      description: "The policy",
      maxBytes: limits.json,
      schema: contract.beaconPolicyBody,
    },
    answer: contract.beaconPolicyView,
    refusals: [400, 412, 413, 422],
  },
];
