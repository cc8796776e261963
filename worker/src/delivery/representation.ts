// The stored forms of one body: plain, and in each content coding. All are
// artifacts under the digest of their own bytes, so each can be verified alone.
import { murmur3 } from "#base/murmur3.ts";
import type { Encoding } from "#flags/parameters.ts";

/** SHA-256 as 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly __brand: "Digest" };

/** One stored form: where its bytes are, and how many. */
type Representation = { readonly sha256: Digest; readonly bytes: number };

/** An encoding that changes the bytes. */
export type Coding = Exclude<Encoding, "identity">;

/** Every coding that a body is stored in, in the order in which they are made. */
export const codings = ["br", "zstd", "gzip"] as const satisfies readonly Coding[];

/** All stored forms of one body; identity is always there, and a coding that could be made. */
export type Representations = { readonly identity: Representation } & {
  readonly [coding in Coding]?: Representation;
};

/** The codings that could not be made when the body was stored. */
export function missingCodings(stored: Representations): readonly Coding[] {
  return codings.filter((coding) => stored[coding] === undefined);
}

/**
 * A quoted strong entity tag. It names the plain bytes and the coding, not the
 * coded bytes: a body compressed again, harder, is not a new version to anyone.
 * Range requests, the one place where that could matter, are not served.
 * @param copy as a plan names it; each copy has a tag of its own.
 */
export function entityTag(identity: Digest, encoding: Encoding, copy = ""): string {
  // Who changes copies fetches once more, though the bytes may be the same.
  const version = identity.slice(0, 32) + (copy === "" ? "" : `.${murmur3(copy).toString(36)}`);
  return encoding === "identity" ? `"${version}"` : `"${version}-${encoding}"`;
}

/** Digests of all stored forms. */
export function digestsOf(stored: Representations): readonly Digest[] {
  return Object.values(stored).map(({ sha256 }) => sha256);
}
