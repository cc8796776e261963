// The endpoints about sinks, for the OpenAPI document.
import { reasonQuery } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import * as contract from "./sink-contract.ts";

export const sinkEndpoints: readonly Endpoint[] = [
  {
    method: "get",
    path: "/sinks",
    summary: "Where wide events go, with what is wrong and what is parked",
    scope: "read",
    answer: contract.sinkList,
    refusals: [],
  },
  {
    method: "post",
    path: "/sinks/{name}/test",
    summary: "Send one marked event, and say what the sink said",
    scope: "operate",
    query: reasonQuery,
    answer: contract.sinkTested,
    refusals: [400, 404, 409],
  },
  {
    method: "post",
    path: "/sinks/{name}/pause",
    summary: "Let a sink wait: its events are kept for hours, then parked; idempotent",
    scope: "operate",
    query: reasonQuery,
    answer: contract.sinkView,
    refusals: [400, 404],
  },
  {
    method: "post",
    path: "/sinks/{name}/resume",
    summary: "Let a sink go on; idempotent",
    scope: "operate",
    query: reasonQuery,
    answer: contract.sinkView,
    refusals: [400, 404],
  },
  {
    method: "post",
    path: "/sinks/{name}/replay",
    summary: "Send some dead letters again; what is taken is parked no more; idempotent",
    scope: "operate",
    query: contract.replayQuery,
    answer: contract.sinkReplayed,
    refusals: [400, 404, 409],
  },
];
