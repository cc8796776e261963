// Publishes what others made, and looks at every form of it that is served.
import { createHash } from "node:crypto";
import { prepareEngine } from "#src/delivery/prepare-engine.ts";
import { control, type Started } from "../harness.ts";
import { fetchForms, type Forms } from "./forms.ts";

export type Tried = Pick<Forms, "wire" | "faults"> & {
  readonly name: string;
  /** As it was published. */
  readonly bytes: number;
  readonly publishMs: number;
};

/** A script's snippets: alone in one, with each kind of beacon in others. */
export type TriedScript = Tried & { readonly paths: ReadonlyMap<Variant, string> };

/** How a script is put on a page. */
export const variants = ["plain", "beacon", "inlined"] as const;
export type Variant = (typeof variants)[number];

const queries: Readonly<Record<Variant, string>> = {
  plain: "beacon=off",
  beacon: "beacon=field&beaconSampleRate=1",
  inlined: "beacon=field&beaconSampleRate=1&inlineCollector=true",
};

type Published = {
  readonly path: string;
  readonly sha256: string;
  readonly missingCodings: readonly string[];
};

/** Publishes `text` as a datafile: every form is byte for byte what was published. */
export async function tryDatafile(
  worker: Started,
  { name, text }: { readonly name: string; readonly text: string },
): Promise<Tried> {
  const id = idOf(name);
  const begunMs = performance.now();
  const published = await put(worker, `/datafiles/${id}?account=field`, text);
  const publishMs = performance.now() - begunMs;
  const bytes = new TextEncoder().encode(text);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const forms = await fetchForms(worker.url + published.path, sha256);
  const faults = [...missing(published), ...forms.faults];
  return { name, bytes: bytes.byteLength, publishMs, wire: forms.wire, faults };
}

type Script = {
  readonly name: string;
  readonly source: Uint8Array;
  readonly wanted: readonly Variant[];
};

/** Publishes a script as an engine with a snippet for each variant; beacon `field` is there. */
export async function tryScript(
  worker: Started,
  { name, source, wanted }: Script,
): Promise<TriedScript> {
  const id = idOf(name);
  const prepared = prepareEngine(new TextDecoder().decode(source));
  const engine = prepared.ok ? prepared.value.code : "";
  const begunMs = performance.now();
  await put(worker, `/engines/${id}`, source);
  const paths = new Map<Variant, string>();
  const faults: string[] = [];
  let publishMs: number | undefined;
  let wire: Forms["wire"] | undefined;
  for (const variant of wanted) {
    const query = `account=field&engine=${id}&${queries[variant]}`;
    const published = await put(worker, `/snippets/${id}-${variant}?${query}`, '{"a":1}');
    // Of the first: the others are further publishes.
    publishMs ??= performance.now() - begunMs;
    paths.set(variant, published.path);
    const forms = await fetchForms(worker.url + published.path, published.sha256);
    wire ??= forms.wire;
    const isWhole = new TextDecoder().decode(forms.body).endsWith(engine);
    const seen = [...missing(published), ...forms.faults, ...(isWhole ? [] : [notTheEnd])];
    faults.push(...seen.map((fault) => `${variant}: ${fault}`));
  }
  const sizes = wire ?? { br: 0, zstd: 0, gzip: 0, identity: 0 };
  const { byteLength: bytes } = source;
  return { name, bytes, publishMs: publishMs ?? 0, wire: sizes, faults, paths };
}

/** The name in the letters of an id. */
export function idOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}

const notTheEnd = "does not end in the script";

const missing = ({ missingCodings }: Published): readonly string[] =>
  missingCodings.map((coding) => `${coding} could not be made`);

async function put(worker: Started, path: string, body: string | Uint8Array): Promise<Published> {
  const response = await control(worker, path, { method: "PUT", body });
  if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  return response.json<Published>();
}
