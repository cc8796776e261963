// Files out of exact versions of npm's packages, kept under node_modules/.cache. What does
// not have the digest that is written here is not used.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const cache = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "field");

export type NpmFile = {
  readonly name: string;
  readonly version: string;
  /** Path inside the package. */
  readonly file: string;
  /** Of the whole package, as npm gives it. */
  readonly integrity: string;
};

/** The file's bytes; throws one clear line where they cannot be had. */
export async function readNpmFile(wanted: NpmFile): Promise<Uint8Array> {
  const { name, version, file } = wanted;
  const folder = join(cache, `${name.replaceAll("/", "+")}-${version}`);
  if (!existsSync(folder)) {
    try {
      await unpack(wanted, folder);
    } catch (cause) {
      throw new Error(`${name}@${version} could not be fetched from npm`, { cause });
    }
  }
  return readFile(join(folder, file));
}

async function unpack({ name, version, integrity }: NpmFile, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    const pack = ["pack", `${name}@${version}`, "--json", "--silent", "--pack-destination", work];
    const { stdout } = await run("npm", pack, { cwd: work, timeout: 300_000 });
    const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
    const archive = join(work, packed?.filename ?? "");
    const digest = createHash("sha512")
      .update(await readFile(archive))
      .digest("base64");
    if (`sha512-${digest}` !== integrity) throw new Error(`${archive} has another digest`);
    const content = join(work, "content");
    await mkdir(content);
    await run("tar", ["-xzf", archive, "-C", content, "--strip-components=1"]);
    // In one step, so that nothing is ever half there.
    await rename(content, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
