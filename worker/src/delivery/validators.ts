// The validators of a body as one plan delivers it. Who has one copy of it is told of no other:
// the arms of a flag that changes bytes are as cold in every browser and SDK as in every cache.
import type { Validators } from "./conditional.ts";
import { modifiedAtMs, type Pointer } from "./pointer.ts";
import { entityTag, type Digest } from "./representation.ts";
import type { Encoding } from "#flags/parameters.ts";

/** A body that a pointer stands for, and the copy of it that a plan names. */
type Delivered = {
  readonly pointer: Pointer;
  /** Of the plain bytes. */
  readonly identity: Digest;
  readonly encoding: Encoding;
  /** Empty for the one that everybody shares. */
  readonly copy: string;
  /** Which of its bodies it is. */
  readonly of: "stable" | "candidate";
};

/** The validators of a body in its coding and its copy. */
export function validatorsOf({ pointer, identity, encoding, copy, of }: Delivered): Validators {
  const isCopy = copy !== "";
  const lastModifiedMs = modifiedAtMs(pointer, { of, isCopy });
  return {
    etag: entityTag(identity, encoding, copy),
    lastModified: new Date(lastModifiedMs).toUTCString(),
    lastModifiedMs,
    byDate: byDate(pointer, isCopy),
  };
}

function byDate(pointer: Pointer, isCopy: boolean): Validators["byDate"] {
  // Any of several flags may have changed a snippet: one date cannot tell which.
  if (pointer.kind === "snippet") return isCopy ? "never" : "later";
  // A client that goes back from the candidate, or to another copy, sends the later of two dates.
  return isCopy || pointer.content.candidate !== undefined ? "exact" : "later";
}
