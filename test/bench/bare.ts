// The least that a Worker can do: one answer, put together at start-up.
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { newWorkerd } from "../workerd-process.ts";

/** An answer as it goes over the wire. */
export type BareAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

export type Bare = {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

// Set by the server itself, for everybody alike.
const automatic = new Set(["content-length", "connection", "keep-alive", "transfer-encoding"]);

/** Starts a Worker that answers everything with `answer`. */
export async function startBare({ status, headers, body }: BareAnswer): Promise<Bare> {
  const fields = Object.entries(headers).filter(([name]) => !automatic.has(name));
  const source = `
import bytes from "./body.bin";
const headers = new Headers(${JSON.stringify(fields)});
const status = ${status};
const body = ${status === 304 ? "null" : "new Uint8Array(bytes)"};
export default {
  fetch() {
    return new Response(body, { status, headers, encodeBody: "manual" });
  },
};`;
  const started = await newWorkerd(async () => {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        name: "bare",
        compatibilityDate: "2026-10-01",
        compatibilityFlags: ["nodejs_compat"],
        modules: [
          { type: "ESModule", path: "index.mjs", contents: source },
          { type: "Data", path: "body.bin", contents: body },
        ],
        host: "127.0.0.1",
        port: 0,
        cf: false,
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      }),
    );
    await miniflare.ready;
    return miniflare;
  });
  const url = await started.value.unsafeGetDirectURL();
  return { url: url.origin, pid: started.pid, stop: () => started.value.dispose() };
}
