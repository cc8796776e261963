// libzstd where Node runs what is a Worker's: the same file, compiled here.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const folder = dirname(createRequire(import.meta.url).resolve("@bokuweb/zstd-wasm"));

// The types are a Worker's, which may not compile.
const { Module } = WebAssembly as unknown as {
  readonly Module: new (bytes: Uint8Array) => WebAssembly.Module;
};

export const compiledZstd = new Module(readFileSync(join(folder, "zstd.wasm")));
