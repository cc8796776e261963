// SHA-256 through the platform, and comparisons that take the same time whatever they find.
import type { Digest } from "#src/delivery/representation.ts";

const encoder = new TextEncoder();

/** SHA-256 of `data`; text is hashed as UTF-8. */
export async function sha256(data: Uint8Array | string): Promise<Digest> {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))) as Digest;
}

/** True where two digests are equal, in time that does not depend on where they differ. */
export function sameDigest(a: string, b: string): boolean {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  return left.byteLength === right.byteLength && crypto.subtle.timingSafeEqual(left, right);
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += digits[byte];
  return text;
}
