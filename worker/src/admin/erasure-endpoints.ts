// The endpoints about erasing, for the OpenAPI document.
import { limits } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import * as contract from "./erasure-contract.ts";

export const erasureEndpoints: readonly Endpoint[] = [
  {
    method: "get",
    path: "/erasures/stores",
    summary: "Where something of a visitor may be kept, and where nothing can be erased",
    scope: "admin",
    answer: contract.erasureStores,
    refusals: [],
  },
  {
    method: "post",
    path: "/erasures",
    summary:
      "Erase what is known of an account, a session or a span from one store, a step at a time; a dry run unless dryRun=false; idempotent",
    scope: "admin",
    query: contract.erasureQuery,
    body: {
      mediaType: "application/json",
      description: "Whose events",
      maxBytes: limits.json,
      schema: contract.erasureBody,
    },
    answer: contract.erasureStep,
    refusals: [400, 404, 409, 413, 422],
  },
];
