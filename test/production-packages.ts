// What is shipped of other people's work: the production dependencies of package-lock.json,
// transitive ones too, as they are installed.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

export type ProductionPackage = {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly integrity: string | undefined;
  readonly hasInstallScript: boolean;
};

type Locked = {
  readonly version: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
};
type Installed = {
  readonly license?: string;
  readonly scripts?: Readonly<Record<string, string>>;
};

const lifecycle = ["preinstall", "install", "postinstall"];

/** By name. */
export async function productionPackages(): Promise<readonly ProductionPackage[]> {
  const lock = await json<{ packages: Readonly<Record<string, Locked>> }>("package-lock.json");
  const shipped = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional, optional }]) =>
      path !== "" && !(dev ?? devOptional ?? optional ?? false),
  );
  const found = shipped.map(async ([path, locked]) => {
    const { license = "none", scripts = {} } = await json<Installed>(join(path, "package.json"));
    return {
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version: locked.version,
      licence: license,
      integrity: locked.integrity,
      hasInstallScript:
        locked.hasInstallScript === true || lifecycle.some((name) => name in scripts),
    };
  });
  const all = await Promise.all(found);
  return all.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** docs/licences.md as it should be. */
export async function licencesText(): Promise<string> {
  const packages = await productionPackages();
  const rows = packages.map(({ name, version, licence }) => `- ${name} ${version}: ${licence}`);
  return `# Licences\n\nOf the packages that are shipped, written by \`npm run licences\`. Aviary itself is under the MIT licence.\n\n${rows.join("\n")}\n`;
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(root, path), "utf8")) as T;
}
