// Files to upload: read whole, and refused here where the server would refuse them,
// with the name of the argument that is to blame.
import { readFile, stat } from "node:fs/promises";
import { usageFailure } from "./failure.ts";
import { formatBytes, formatLimit } from "./format.ts";

export type InputFile = {
  /** Path; `-` for standard input. */
  readonly path: string;
  /** The argument that named it, as in `--payload`. */
  readonly argument: string;
  /** Most bytes that the server takes. */
  readonly limit: number;
  readonly stdin: () => Promise<Uint8Array>;
};

/** The file's bytes. Throws a usage failure for one that cannot be what is wanted. */
export async function readInput({ path, argument, limit, stdin }: InputFile): Promise<Uint8Array> {
  const bytes = path === "-" ? await stdin() : await readWithin(path, argument, limit);
  const name = path === "-" ? "standard input" : path;
  if (bytes.byteLength === 0) throw usageFailure(`${argument}: ${name} is empty`);
  checkSize(bytes.byteLength);
  return bytes;

  function checkSize(size: number): void {
    if (size > limit) throw tooLarge(`${argument}: ${name}`, size, limit);
  }
}

/** Throws a usage failure unless `bytes` are one JSON text in UTF-8. */
export function checkJson(bytes: Uint8Array, { path, argument }: InputFile): void {
  const name = `${argument}: ${path === "-" ? "standard input" : path}`;
  const text = decodeUtf8(bytes);
  if (text === undefined) throw usageFailure(`${name} is not UTF-8`);
  if (text.startsWith("\uFEFF")) {
    throw usageFailure(`${name} begins with a byte-order mark, which JSON may not`);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw usageFailure(`${name} is not JSON: ${(error as Error).message}`);
  }
}

async function readWithin(path: string, argument: string, limit: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > limit) throw tooLarge(`${argument}: ${path}`, size, limit);
    return await readFile(path);
  } catch (error) {
    throw isSystemError(error)
      ? usageFailure(`${argument}: ${reasons(error.code)}: ${path}`)
      : error;
  }
}

function tooLarge(name: string, size: number, limit: number): Error {
  return usageFailure(`${name} has ${formatBytes(size)}; at most ${formatLimit(limit)} are taken`);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** True for an error of the file system. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && "code" in error && "syscall" in error;
}

/** Why a file cannot be read, in words. */
export function reasons(code: string): string {
  if (code === "ENOENT") return "no such file";
  if (code === "EISDIR") return "is a folder, not a file";
  if (code === "EACCES" || code === "EPERM") return "may not be read";
  return `cannot be read (${code})`;
}
