// wrangler.toml: hosts that nobody chose answer nothing, and staging lacks nothing that production has.
import { join } from "node:path";
import { expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";

const config = join(import.meta.dirname, "..", "..", "wrangler.toml");
const production = readConfig({ config });
const staging = readConfig({ config, env: "staging" });

it.each([
  ["production", production],
  ["staging", staging],
])("%s answers on its routes alone", (_, { workers_dev, preview_urls }) => {
  expect({ workers_dev, preview_urls }).toEqual({ workers_dev: false, preview_urls: false });
});

type Named = { readonly binding: string };
type Bindings = {
  readonly vars: object;
  readonly kv_namespaces: readonly Named[];
  readonly r2_buckets: readonly Named[];
  readonly durable_objects: {
    readonly bindings: readonly { readonly name: string; readonly class_name: string }[];
  };
  readonly ratelimits: readonly { readonly name: string; readonly simple: object }[];
  readonly version_metadata?: Named | undefined;
  readonly migrations: readonly object[];
};

const namesIn = ({ vars, ...rest }: Bindings) => ({
  vars: Object.keys(vars).toSorted(),
  kv: rest.kv_namespaces.map(({ binding }) => binding),
  r2: rest.r2_buckets.map(({ binding }) => binding),
  objects: rest.durable_objects.bindings.map(({ name, class_name }) => `${name} ${class_name}`),
  limits: rest.ratelimits.map(({ name, simple }) => [name, simple]),
  build: rest.version_metadata?.binding,
  migrations: rest.migrations,
});

it("staging has the variables, the bindings and the migrations of production, and stores of its own", () => {
  expect(namesIn(staging)).toEqual(namesIn(production));
  expect(staging.name).not.toBe(production.name);
  expect(staging.r2_buckets[0]?.bucket_name).not.toBe(production.r2_buckets[0]?.bucket_name);
});

it("no deployment says that it is a developer's own machine", () => {
  expect(Object.keys({ ...production.vars, ...staging.vars })).not.toContain("AVIARY_LOCAL");
});
