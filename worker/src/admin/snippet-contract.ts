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
  /** Prefixes of the releases that this revision no longer lets anybody have. */
  withdrawn: v.array(v.string()),
});

const releaseRule = "must be 16 to 64 hexadecimal digits, as in an immutable URL";
export const withdrawBody = v.object({
  release: v.pipe(v.string(releaseRule), v.regex(/^[0-9a-f]{16,64}$/, releaseRule)),
});

export const snippetMoved = v.object({ ...snippetView.entries, changed: v.boolean() });
export const snippetList = v.object({ snippets: v.array(snippetView) });

export type SnippetView = v.InferOutput<typeof snippetView>;
