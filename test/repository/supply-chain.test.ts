// What others' packages may do here: nothing at install time, under known licences, at one version.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { shippedSbom } from "../sbom.ts";
import { licencesText, productionPackages } from "../production-packages.ts";

const root = join(import.meta.dirname, "..", "..");
const allowed = new Set(["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "Unlicense"]);

const versionsOf = (list: readonly { readonly name: string; readonly version: string }[]) =>
  [...new Set(list.map(({ name, version }) => `${name}@${version}`))].toSorted();

it("no production dependency has an install script, directly or behind another", async () => {
  const packages = await productionPackages();
  expect(packages.length).toBeGreaterThan(5);
  expect(packages.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([]);
});

it("every production dependency has an allowed licence, and the list of them is current", async () => {
  const packages = await productionPackages();
  expect(packages.filter(({ licence }) => !allowed.has(licence))).toEqual([]);
  expect(await readFile(join(root, "docs", "licences.md"), "utf8")).toBe(await licencesText());
});

it("every production dependency is locked by its digest", async () => {
  const packages = await productionPackages();
  expect(packages.filter(({ integrity = "" }) => !integrity.startsWith("sha512-"))).toEqual([]);
});

it("the SBOM names every production dependency with its licence and digest, and nothing else", async () => {
  const { bomFormat, components } = await shippedSbom();
  const packages = await productionPackages();
  expect(bomFormat).toBe("CycloneDX");
  expect(versionsOf(components)).toEqual(versionsOf(packages));
  expect(versionsOf(components).map((name) => name.replace(/@[^@]*$/, ""))).toEqual(
    expect.arrayContaining(["acorn", "hono", "jose", "valibot"]),
  );
  for (const { purl, hashes = [], licenses = [] } of components) {
    expect(purl).toMatch(/^pkg:npm\//);
    expect(hashes[0]?.alg).toBe("SHA-512");
    expect(licenses).not.toEqual([]);
  }
});

it("every dependency is named at one exact version", async () => {
  const text = await readFile(join(root, "package.json"), "utf8");
  const { dependencies, devDependencies } = JSON.parse(text) as Record<string, object>;
  const named = Object.entries({ ...dependencies, ...devDependencies });
  const loose = named.filter(
    ([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(String(version)),
  );
  expect(loose).toEqual([]);
});
