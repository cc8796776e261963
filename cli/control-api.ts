// The control API as typed functions: one for each thing that the command asks.
import * as v from "valibot";
import {
  datafileList,
  datafileMoved,
  datafileView,
  engineList,
  enginePublished,
  engineView,
  healthView,
  statusView,
  tokenCreated,
  tokenList,
  type createTokenBody,
} from "#src/admin/contract.ts";
import { pipelineView, shardsView } from "#src/admin/pipeline-contract.ts";
import { snippetList, snippetMoved, snippetView } from "#src/admin/snippet-contract.ts";
import { accountApi } from "./account-api.ts";
import { beaconApi } from "./beacon-api.ts";
import { send } from "./call.ts";
import type { Connection } from "./connection.ts";
import { erasureApi } from "./erasure-api.ts";
import { flagApi } from "./flag-api.ts";
import { pointerApi, releaseApi } from "./pointer-api.ts";
import { absent, get, post } from "./requests.ts";
import { sinkApi } from "./sink-api.ts";

export type ControlApi = ReturnType<typeof controlApi>;

/** All that can be asked over `connection`. Every function throws a Failure where it is refused. */
export function controlApi(connection: Connection) {
  return {
    health: () => send({ ...connection, token: undefined }, get("/healthz", healthView)),
    status: () => send(connection, get("/api/v1/status", statusView)),
    pipeline: () => send(connection, get("/api/v1/pipeline", pipelineView)),
    setShards: (shards: number) =>
      send(connection, {
        ...post("/api/v1/pipeline/shards", { shards }),
        method: "PUT",
        answer: shardsView,
      }),
    engines: {
      list: async () => (await send(connection, get("/api/v1/engines", engineList))).engines,
      find: (version: string) =>
        send(connection, get(`/api/v1/engines/${version}`, engineView)).catch(absent),
      publish,
    },
    beacons: beaconApi(connection),
    snippets: pointerApi(connection, {
      collection: "snippets",
      view: snippetView,
      moved: snippetMoved,
      list: v.pipe(
        snippetList,
        v.transform(({ snippets }) => snippets),
      ),
    }),
    datafiles: pointerApi(connection, {
      collection: "datafiles",
      view: datafileView,
      moved: datafileMoved,
      list: v.pipe(
        datafileList,
        v.transform(({ datafiles }) => datafiles),
      ),
    }),
    releases: releaseApi(connection, snippetMoved),
    accounts: accountApi(connection),
    flags: flagApi(connection),
    sinks: sinkApi(connection),
    erasures: erasureApi(connection),
    tokens: {
      create: (wanted: v.InferOutput<typeof createTokenBody>) =>
        send(connection, { ...post("/api/v1/tokens", wanted), answer: tokenCreated, once: true }),
      list: async () => (await send(connection, get("/api/v1/tokens", tokenList))).tokens,
      revoke: (id: string) =>
        send(connection, {
          method: "DELETE",
          path: `/api/v1/tokens/${encodeURIComponent(id)}`,
          answer: v.undefined_(),
        }),
    },
  };

  function publish(version: string, body: Uint8Array) {
    return send(connection, {
      method: "PUT",
      path: `/api/v1/engines/${version}`,
      headers: { "content-type": "text/javascript; charset=utf-8" },
      body,
      label: `engine ${version}`,
      names: { body: "<file>", version: "<version>" },
      answer: enginePublished,
    });
  }
}
