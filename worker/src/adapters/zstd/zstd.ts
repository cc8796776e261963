// Zstandard by libzstd, as WebAssembly: the runtime's own ends early where its output
// passes some 40,900 bytes, in both directions (docs/decisions/0019-zstd.md). Made when it
// is first needed, and again after a large input: memory that has grown never shrinks.
import { compiledZstd } from "#zstd-wasm";

/**
 * What Emscripten called the functions of https://facebook.github.io/zstd/zstd_manual.html
 * in this version of the package; pointers and sizes are bytes in the instance's memory.
 */
type Libzstd = {
  readonly f: WebAssembly.Memory;
  /** Runs constructors; once, before all else. */
  readonly g: () => void;
  /** ZSTD_isError(code). */
  readonly h: (code: number) => number;
  /** ZSTD_compressBound(srcSize). */
  readonly i: (size: number) => number;
  /** ZSTD_compress(dst, dstCapacity, src, srcSize, level). */
  readonly m: (...sized: [number, number, number, number, number]) => number;
  /** ZSTD_decompress(dst, dstCapacity, src, compressedSize). */
  readonly r: (...sized: [number, number, number, number]) => number;
  /** malloc(size): 0 where there is none left. */
  readonly s: (size: number) => number;
  /** free(pointer). */
  readonly t: (pointer: number) => void;
};

/** `bytes` as one zstd frame. Throws where libzstd fails. @param level from 1 to 19. */
export function zstdCompress(bytes: Uint8Array, level: number): Uint8Array {
  return withLibzstd((zstd) => {
    const capacity = zstd.i(bytes.byteLength);
    return transform(zstd, { bytes, capacity }, (into, from) =>
      zstd.m(into, capacity, from, bytes.byteLength, level),
    );
  });
}

/** What a frame decodes to, at most `capacity` bytes. Throws where it is no whole frame, or more. */
export function zstdDecompress(bytes: Uint8Array, capacity: number): Uint8Array {
  return withLibzstd((zstd) =>
    transform(zstd, { bytes, capacity }, (into, from) =>
      zstd.r(into, capacity, from, bytes.byteLength),
    ),
  );
}

type Task = { readonly bytes: Uint8Array; readonly capacity: number };

function transform(
  zstd: Libzstd,
  { bytes, capacity }: Task,
  work: (into: number, from: number) => number,
): Uint8Array {
  const into = allocate(zstd, capacity);
  const from = allocate(zstd, bytes.byteLength);
  new Uint8Array(zstd.f.buffer).set(bytes, from);
  const size = work(into, from);
  if (zstd.h(size) !== 0) throw new Error(`libzstd failed with ${size}`);
  const made = new Uint8Array(zstd.f.buffer).slice(into, into + size);
  zstd.t(from);
  zstd.t(into);
  return made;
}

function allocate(zstd: Libzstd, size: number): number {
  // malloc(0) may be 0, which is no failure.
  const pointer = zstd.s(Math.max(size, 1));
  if (pointer === 0) throw new Error(`libzstd found no memory for ${size} bytes`);
  return pointer;
}

const pageBytes = 65_536;
// What an instance begins with, and enough for a megabyte at the highest level.
const keptBytes = 21 * 1024 * 1024;
/** Beside bodies and answers in an isolate's 128 MB. */
const mostBytes = 80 * 1024 * 1024;

/** The instance for next time; it holds nothing but free memory. */
let idle: Libzstd | undefined;

// Whatever throws may have left memory behind: that instance is not used again.
function withLibzstd<T>(work: (zstd: Libzstd) => T): T {
  const zstd = idle ?? instantiate();
  idle = undefined;
  const made = work(zstd);
  if (zstd.f.buffer.byteLength <= keptBytes) idle = zstd;
  return made;
}

function instantiate(): Libzstd {
  const { exports } = new WebAssembly.Instance(compiledZstd, {
    a: { a: quit, b: ignore, c: quit, d: ignore, e: grow },
  });
  const zstd = exports as unknown as Libzstd;
  zstd.g();
  return zstd;

  function grow(wantedBytes: number): number {
    const wanted = wantedBytes >>> 0;
    if (wanted > mostBytes) return 0;
    zstd.f.grow(Math.ceil((wanted - zstd.f.buffer.byteLength) / pageBytes));
    return 1;
  }
}

// The rest of Emscripten's runtime: exit and abort; keep-alive and timers.
function quit(): never {
  throw new Error("libzstd gave up");
}

const ignore = (): number => 0;
