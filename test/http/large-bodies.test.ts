// Bodies as large as may be published, in every encoding.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { decompress as unzstd } from "fzstd";
import { describe, expect, it } from "vitest";
import type { Encoding } from "#flags/parameters.ts";
import { newIsolate, publish } from "../isolate.ts";

const decode: Readonly<Record<Encoding, (bytes: Uint8Array) => Uint8Array>> = {
  br: (bytes) => brotliDecompressSync(bytes),
  zstd: (bytes) => unzstd(bytes),
  gzip: (bytes) => gunzipSync(bytes),
  identity: (bytes) => bytes,
};

/** Text of about `length` characters that hardly compresses, the same each time. */
function text(length: number): string {
  let state = 42;
  const parts: string[] = [];
  for (let at = 0; at < length / 6; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    parts.push(state.toString(36).padStart(6, "0").slice(-6));
  }
  return parts.join("");
}

async function expectInEveryEncoding(path: string, wanted: string): Promise<void> {
  for (const encoding of ["br", "zstd", "gzip", "identity"] as const) {
    const headers = { "accept-encoding": encoding };
    const response = await newIsolate().fetch(path, { headers });
    expect(response.headers.get("content-encoding")).toBe(
      encoding === "identity" ? null : encoding,
    );
    const bytes = decode[encoding](new Uint8Array(await response.arrayBuffer()));
    expect(new TextDecoder().decode(bytes).includes(wanted)).toBe(true);
  }
}

describe("a body whose zstd form is larger than the runtime's own can make", () => {
  it.each([60_000, 390_000, 2_000_000])(
    "is published and served in every encoding: a datafile of %i bytes",
    async (length) => {
      const json = JSON.stringify({ length, text: text(length) });
      const made = await publish(`/datafiles/large-${length}?account=acme`, json);
      expect(made).toMatchObject({ missingCodings: [] });
      await expectInEveryEncoding(`/datafiles/large-${length}.json`, json);
    },
    60_000,
  );

  it("is published and served in every encoding: a script of 400 kB", async () => {
    const engine = `self.engineRan = "${text(400_000)}";`;
    await publish("/engines/4.0.0", engine);
    const made = await publish("/snippets/large?account=acme&engine=4.0.0", "{}");
    expect(made).toMatchObject({ missingCodings: [] });
    await expectInEveryEncoding("/js/large.js", engine.slice(0, 400_000));
  }, 60_000);
});
