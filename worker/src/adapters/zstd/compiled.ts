// libzstd in the Worker, where WebAssembly must come with the upload. The package exports
// no path to it: hence the path through its folder.
// oxlint-disable-next-line import/no-relative-parent-imports
export { default as compiledZstd } from "../../../../node_modules/@bokuweb/zstd-wasm/dist/common/zstd.wasm";
