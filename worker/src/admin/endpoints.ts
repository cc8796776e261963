// The control API, endpoint by endpoint, for its OpenAPI document.
import type * as v from "valibot";
import * as contract from "./contract.ts";
import { limits } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import { pipelineView, shardsBody, shardsView } from "./pipeline-contract.ts";
import { accountEndpoints } from "./account-endpoints.ts";
import { beaconEndpoints } from "./beacon-endpoints.ts";
import { erasureEndpoints } from "./erasure-endpoints.ts";
import { flagEndpoints } from "./flag-endpoints.ts";
import { sinkEndpoints } from "./sink-endpoints.ts";
import * as snippetContract from "./snippet-contract.ts";

const conditional = {
  "If-Match": 'The revision that this change is made against, as in "3". 412 if it has moved.',
};
const upload = {
  ...conditional,
  "If-None-Match": "* publishes only where nothing was published before.",
  "Content-Digest": "sha-256 of the body (RFC 9530). 400 if the body is another.",
};

/** Every endpoint that the app routes. */
export const endpoints: readonly Endpoint[] = [
  {
    method: "get",
    path: "/status",
    summary: "Build, newest engine, and which token is asking",
    scope: "read",
    answer: contract.statusView,
    refusals: [],
  },
  {
    method: "get",
    path: "/pipeline",
    summary: "What became of beacons, page views and events, over all shards and one by one",
    scope: "read",
    answer: pipelineView,
    refusals: [],
  },
  {
    method: "put",
    path: "/pipeline/shards",
    summary: "How many shards of page views each region has; views in flight stay where they are",
    scope: "operate",
    body: {
      mediaType: "application/json",
      description: "The number of shards",
      maxBytes: limits.json,
      schema: shardsBody,
    },
    answer: shardsView,
    refusals: [400, 409, 413, 422],
  },
  {
    method: "get",
    path: "/engines",
    summary: "All engines, newest first",
    scope: "read",
    answer: contract.engineList,
    refusals: [],
  },
  {
    method: "get",
    path: "/engines/{version}",
    summary: "One engine",
    scope: "read",
    answer: contract.engineView,
    refusals: [400, 404],
  },
  {
    method: "put",
    path: "/engines/{version}",
    summary: "Publish an engine: an immutable version, which changes no snippet",
    scope: "publish",
    headers: { "Content-Digest": upload["Content-Digest"] },
    body: {
      mediaType: "text/javascript",
      description: "A classic script",
      maxBytes: limits.engine,
    },
    answer: contract.enginePublished,
    refusals: [400, 409, 413, 422],
  },
  ...beaconEndpoints,
  ...pointerEndpoints({
    plural: "snippets",
    noun: "snippet",
    list: snippetContract.snippetList,
    view: snippetContract.snippetView,
    moved: snippetContract.snippetMoved,
  }),
  {
    method: "put",
    path: "/snippets/{id}",
    summary: "Publish a customer's payload; idempotent",
    scope: "publish",
    query: snippetContract.publishSnippetQuery,
    headers: upload,
    body: {
      mediaType: "application/json",
      description: "The payload, any JSON",
      maxBytes: limits.payload,
    },
    answer: snippetContract.snippetMoved,
    refusals: [400, 409, 412, 413, 422, 429],
  },
  ...(["withdraw", "restore"] as const).map(releaseEndpoint),
  ...pointerEndpoints({
    plural: "datafiles",
    noun: "datafile",
    list: contract.datafileList,
    view: contract.datafileView,
    moved: contract.datafileMoved,
  }),
  {
    method: "put",
    path: "/datafiles/{id}",
    summary: "Publish a datafile; idempotent",
    scope: "publish",
    query: contract.publishDatafileQuery,
    headers: {
      ...upload,
      "Aviary-Access-Tokens":
        "Comma-separated tokens that open it from now on; none opens it to everybody; absent keeps what is.",
    },
    body: {
      mediaType: "application/json",
      description: "The datafile, any JSON",
      maxBytes: limits.datafile,
    },
    answer: contract.datafileMoved,
    refusals: [400, 409, 412, 413, 422, 429],
  },
  ...accountEndpoints,
  ...flagEndpoints,
  ...sinkEndpoints,
  ...erasureEndpoints,
  {
    method: "get",
    path: "/tokens",
    summary: "All tokens, revoked ones too, without their secrets",
    scope: "admin",
    answer: contract.tokenList,
    refusals: [],
  },
  {
    method: "post",
    path: "/tokens",
    summary: "Create a token; the only answer that shows it",
    scope: "admin",
    body: {
      mediaType: "application/json",
      description: "Name, scopes and, to bind it, an account and the origins of pages",
      maxBytes: limits.json,
      schema: contract.createTokenBody,
    },
    answer: contract.tokenCreated,
    refusals: [400, 413, 422],
  },
  {
    method: "delete",
    path: "/tokens/{id}",
    summary: "Revoke a token; idempotent",
    scope: "admin",
    answer: null,
    refusals: [404],
  },
];

/** The methods that a path under /api/v1 takes, upper case; none where it is unknown. */
export function methodsAt(path: string): readonly string[] {
  const parts = path.split("/");
  const matches = endpoints.filter(({ path: template }) => {
    const wanted = template.split("/");
    return (
      wanted.length === parts.length &&
      wanted.every((part, at) => part.startsWith("{") || part === parts[at])
    );
  });
  return matches.map(({ method }) => method.toUpperCase());
}

type PointerSchemas = {
  readonly plural: string;
  readonly noun: string;
  readonly list: v.GenericSchema;
  readonly view: v.GenericSchema;
  readonly moved: v.GenericSchema;
};

function releaseEndpoint(action: "withdraw" | "restore"): Endpoint {
  const summaries = {
    withdraw: "Take a release of a snippet back: its immutable URL answers 410 within 10 s",
    restore: "Let a withdrawn release of a snippet be had again",
  };
  return {
    method: "post",
    path: `/snippets/{id}/${action}`,
    summary: summaries[action],
    scope: "publish",
    query: contract.reasonQuery,
    headers: conditional,
    body: {
      mediaType: "application/json",
      description: "The release",
      maxBytes: limits.json,
      schema: snippetContract.withdrawBody,
    },
    answer: snippetContract.snippetMoved,
    refusals: [400, 404, 409, 412, 413, 422],
  };
}

function pointerEndpoints({ plural, noun, list, view, moved }: PointerSchemas): Endpoint[] {
  return [
    {
      method: "get",
      path: `/${plural}`,
      summary: `The ${plural} of one account`,
      scope: "read",
      query: contract.listQuery,
      answer: list,
      refusals: [400],
    },
    {
      method: "get",
      path: `/${plural}/{id}`,
      summary: `A ${noun} as it stands now`,
      scope: "read",
      answer: view,
      refusals: [400, 404],
    },
    {
      method: "get",
      path: `/${plural}/{id}/history`,
      summary: `The revisions of a ${noun}, newest first`,
      scope: "read",
      query: contract.historyQuery,
      answer: list,
      refusals: [400, 404],
    },
    {
      method: "post",
      path: `/${plural}/{id}/rollback`,
      summary: `Make an earlier revision of a ${noun} current again, as a new revision`,
      scope: "publish",
      query: contract.reasonQuery,
      headers: conditional,
      body: {
        mediaType: "application/json",
        description: "The revision to go back to",
        maxBytes: limits.json,
        schema: contract.rollbackBody,
      },
      answer: moved,
      refusals: [400, 404, 409, 412, 413, 422],
    },
    {
      method: "delete",
      path: `/${plural}/{id}`,
      summary: `Delete a ${noun} with its history; with free, which takes admin, another account may have its id`,
      scope: "publish",
      query: contract.deleteQuery,
      headers: conditional,
      answer: contract.deletedView,
      refusals: [400, 404, 409, 412],
    },
  ];
}
