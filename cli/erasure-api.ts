// The control API's part about erasing, as typed functions. All of it may be repeated.
import type { InferOutput } from "valibot";
import { erasureStep, erasureStores, type erasureBody } from "#src/admin/erasure-contract.ts";
import { send } from "./call.ts";
import type { Connection } from "./connection.ts";
import { get, post } from "./requests.ts";

const base = "/api/v1/erasures";

export function erasureApi(connection: Connection) {
  return {
    stores: async () => (await send(connection, get(`${base}/stores`, erasureStores))).stores,
    step: (sought: InferOutput<typeof erasureBody>, query: Readonly<Record<string, string>>) => {
      const path = `${base}?${new URLSearchParams(query).toString()}`;
      return send(connection, { ...post(path, sought), answer: erasureStep });
    },
  };
}
