// The text of a beacon, bounded while it comes in: what is announced is not believed.
import { err, ok, type Result } from "#base/result.ts";
import { maxBeaconBytes } from "#rum/ingest.ts";

export type Unread = { readonly reason: "too_large" | "interrupted" | "not_text" };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How long a beacon may take to come whole; honest ones are one packet or two. */
const patienceMs = 10_000;

/** At most `maxBeaconBytes` of text, come whole within 10 s. Never rejects. */
export async function readBeacon({ headers, body }: Request): Promise<Result<string, Unread>> {
  const announced = Number(headers.get("content-length") ?? 0);
  if (announced > maxBeaconBytes) return err({ reason: "too_large" });
  if (body === null) return ok("");
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isLate = false;
  // A cancelled reader ends its pending read at once, so what half-arrived is let go.
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => undefined);
  }, patienceMs);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.byteLength;
      if (length > maxBeaconBytes) {
        await reader.cancel();
        return err({ reason: "too_large" });
      }
      chunks.push(next.value);
    }
  } catch {
    return err({ reason: "interrupted" });
  } finally {
    clearTimeout(timer);
  }
  if (isLate) return err({ reason: "interrupted" });
  return textFrom(chunks, length);
}

function textFrom(chunks: readonly Uint8Array[], length: number): Result<string, Unread> {
  const [first = new Uint8Array()] = chunks;
  let bytes = first;
  if (chunks.length > 1) {
    bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
  }
  try {
    return ok(decoder.decode(bytes));
  } catch {
    return err({ reason: "not_text" });
  }
}
