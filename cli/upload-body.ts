// A request body that says how far it has been sent, and the fields that let the
// server see whether all of it arrived.
import { createHash } from "node:crypto";

const chunkBytes = 64 * 1024;

/** `bytes` as a stream; `advance` is told the bytes taken so far. */
export function uploadStream(
  bytes: Uint8Array,
  advance: (sent: number) => void,
): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (sent >= bytes.byteLength) return controller.close();
        const chunk = bytes.subarray(sent, sent + chunkBytes);
        sent += chunk.byteLength;
        controller.enqueue(chunk);
        advance(sent);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Content-Length and Content-Digest (RFC 9530) of `bytes`. */
export function integrityFields(bytes: Uint8Array): Readonly<Record<string, string>> {
  const digest = createHash("sha256").update(bytes).digest("base64");
  return { "content-length": String(bytes.byteLength), "content-digest": `sha-256=:${digest}:` };
}
