// What a bundler makes of an import of WebAssembly: a module that is compiled already.
declare module "*.wasm" {
  const compiled: WebAssembly.Module;
  export default compiled;
}
