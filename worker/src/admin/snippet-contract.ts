// The control API's documents about snippets, as schemas.
import * as v from "valibot";
import { beaconQuery, snippetBeaconView } from "./beacon-contract.ts";
import { engineVersionSchema, idSchema, revisionFields } from "./contract.ts";

/** Query of a publish; of the beacon, what is absent stays as it is. */
export const publishSnippetQuery = v.object({
  account: idSchema,
  engine: v.exactOptional(engineVersionSchema),
  ...beaconQuery,
});

/** One revision of a snippet. */
export const snippetView = v.object({
  ...revisionFields,
  engine: v.string(),
  beacon: snippetBeaconView,
  payloadSha256: v.string(),
  /** Path of exactly this composition, for pages that use `integrity`. */
  immutablePath: v.string(),
  /** Subresource Integrity value of the script. */
  integrity: v.string(),
});

export const snippetMoved = v.object({ ...snippetView.entries, changed: v.boolean() });
export const snippetList = v.object({ snippets: v.array(snippetView) });

export type SnippetView = v.InferOutput<typeof snippetView>;
