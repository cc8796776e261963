// npm run sbom: what is shipped of other people's work, as a CycloneDX document on stdout.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { productionPackages } from "./production-packages.ts";

type Component = { readonly name: string; readonly version: string; readonly "bom-ref": string };
type Dependency = { readonly ref: string; readonly dependsOn: readonly string[] };

/** What `npm sbom` writes, as far as it is read here. */
export type Sbom = {
  readonly bomFormat: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly (Component & {
    readonly purl?: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses?: readonly object[];
  })[];
  readonly dependencies: readonly Dependency[];
};

/**
 * npm's own document without what is for development alone. Its `--omit dev` also leaves out
 * what a development dependency wants too, hono and acorn among them.
 */
export async function shippedSbom(): Promise<Sbom> {
  const root = join(import.meta.dirname, "..");
  const arguments_ = ["sbom", "--sbom-format", "cyclonedx"];
  const options = { cwd: root, encoding: "utf8", maxBuffer: 100_000_000 } as const;
  const whole = JSON.parse(execFileSync("npm", arguments_, options)) as Sbom;
  const shipped = new Set(
    (await productionPackages()).map(({ name, version }) => `${name}@${version}`),
  );
  const components = whole.components.filter(({ name, version }) =>
    shipped.has(`${name}@${version}`),
  );
  const refs = new Set(
    [whole.metadata.component, ...components].map((component) => component["bom-ref"]),
  );
  const dependencies = whole.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  return { ...whole, components, dependencies };
}

if (import.meta.main) console.log(JSON.stringify(await shippedSbom(), null, 2));
