// The real Worker in a workerd of its own: what wrangler.toml binds, on loopback.
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as workerOptions } from "wrangler";
import { newWorkerd } from "./workerd-process.ts";

// wrangler tells on every start that it has read .dev.vars.
process.env["WRANGLER_LOG"] ??= "error";

const root = join(import.meta.dirname, "..");

/** The secret that the Workers started here take for the first admin token. */
export const adminToken = "harness-admin-token-0123456789";

export type StartOptions = {
  /** Folder that keeps KV, R2 and objects between runs; absent: memory. */
  readonly persist?: string;
  /** Port; absent: a free one. */
  readonly port?: number;
  readonly bindings?: Readonly<Record<string, string>>;
  /** Also listens without Miniflare's own Worker in front, for benchmarks. */
  readonly direct?: boolean;
  /** Isolates beside the first, each with a memory of its own; absent: none. */
  readonly edges?: number;
  /** Folder through which another process finds these objects; absent: none does. */
  readonly registry?: string;
  /** Answers what the Worker fetches; absent: whoever it asks. */
  readonly outbound?: (request: Request) => Promise<Response>;
  /** Another entry than the Worker's own. */
  readonly entry?: string;
};

export type Started = {
  /** Origin, without a slash at the end. */
  readonly url: string;
  readonly miniflare: Miniflare;
  /** Pid of its workerd. */
  readonly pid: number;
  /** Origin of the direct socket, where one was asked for. */
  readonly directUrl: () => Promise<string>;
  /** Origins of the further isolates, which share stores and objects with the first. */
  readonly edgeUrls: readonly string[];
  readonly stop: () => Promise<void>;
};

type BundledModule =
  | { readonly type: "ESModule"; readonly path: string; readonly contents: string }
  | { readonly type: "CompiledWasm"; readonly path: string; readonly contents: Uint8Array };

/**
 * Bundles `entry` as wrangler does for upload: one ES module, and beside it what WebAssembly
 * it imports; runtime modules left out.
 */
async function bundle(entry: string): Promise<readonly BundledModule[]> {
  const wasm = new Map<string, BundledModule>();
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    // As wrangler.toml has it: the source text is the greatest part of an isolate's heap.
    minify: true,
    keepNames: true,
    logLevel: "error",
    plugins: [besideThe(wasm)],
  });
  const script = { type: "ESModule", path: "index.mjs", contents: outputFiles[0]?.text ?? "" };
  return [script as BundledModule, ...wasm.values()];
}

function besideThe(wasm: Map<string, BundledModule>): Plugin {
  return {
    name: "wasm-modules",
    setup(bundler) {
      bundler.onResolve({ filter: /\.wasm$/ }, async ({ resolveDir, path }) => {
        const name = basename(path);
        const contents = await readFile(join(resolveDir, path));
        wasm.set(name, { type: "CompiledWasm", path: name, contents });
        return { path: `./${name}`, external: true };
      });
    },
  };
}

type Objects = Readonly<Record<string, { readonly className: string }>>;

/** Binds the objects of the first Worker: two Workers with objects of their own would be two systems. */
function objectsElsewhere({ durableObjects = {} }: { durableObjects?: Objects }): object {
  const bound = Object.entries(durableObjects).map(([name, { className }]) => [
    name,
    { className, scriptName: "aviary", useSQLite: true },
  ]);
  return { durableObjects: Object.fromEntries(bound) as object };
}

/** Starts Aviary; the caller stops it. */
export async function startAviary(options: StartOptions = {}): Promise<Started> {
  const { workerOptions: bound, main = "" } = workerOptions(join(root, "wrangler.toml"));
  const { persist, direct = false, edges = 0, entry = main, registry } = options;
  const modules = await bundle(entry);
  const common = {
    ...(bound as object),
    modules: [...modules],
    bindings: {
      CONTROL_HOST: "",
      AVIARY_LOCAL: "true",
      AVIARY_ADMIN_TOKEN: adminToken,
      ...options.bindings,
    },
    ...(options.outbound === undefined ? {} : { outboundService: options.outbound }),
  };
  const socket = { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };
  const names = Array.from({ length: edges }, (_, at) => `edge-${at}`);
  const { value: miniflare, pid } = await newWorkerd(async () => {
    const starting = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          { ...common, name: "aviary", ...(direct ? socket : {}) },
          ...names.map((name) => ({
            ...common,
            ...objectsElsewhere(bound as { durableObjects?: Objects }),
            name,
            ...socket,
          })),
        ],
        host: "127.0.0.1",
        port: options.port ?? 0,
        cf: false,
        ...(registry === undefined ? {} : { unsafeDevRegistryPath: registry }),
        ...(persist === undefined ? {} : { resourcePersistencePath: persist }),
      }),
    );
    await starting.ready;
    return starting;
  });
  return {
    url: (await miniflare.ready).origin,
    pid,
    miniflare,
    directUrl: async () => (await miniflare.unsafeGetDirectURL("aviary")).origin,
    edgeUrls: await Promise.all(
      names.map(async (name) => (await miniflare.unsafeGetDirectURL(name)).origin),
    ),
    stop: () => miniflare.dispose(),
  };
}

type SharedFolders = Required<Pick<StartOptions, "persist" | "registry">>;
type Edge = Pick<Started, "url" | "pid" | "stop">;

/**
 * Starts an edge in a process of its own: it has the stores and the objects of an Aviary
 * that was started with the same `persist` and `registry`, and runs no object.
 */
export async function startEdge({ persist, registry }: SharedFolders): Promise<Edge> {
  const { workerOptions: bound, main = "" } = workerOptions(join(root, "wrangler.toml"));
  const modules = await bundle(main);
  const { value: miniflare, pid } = await newWorkerd(async () => {
    const starting = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          {
            ...(bound as object),
            ...objectsElsewhere(bound as { durableObjects?: Objects }),
            name: "edge",
            modules: [...modules],
            bindings: { CONTROL_HOST: "control.invalid", AVIARY_LOCAL: "true" },
            unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          },
        ],
        host: "127.0.0.1",
        port: 0,
        cf: false,
        unsafeDevRegistryPath: registry,
        resourcePersistencePath: persist,
      }),
    );
    await starting.ready;
    return starting;
  });
  return {
    url: (await miniflare.unsafeGetDirectURL("edge")).origin,
    pid,
    stop: () => miniflare.dispose(),
  };
}

/** Calls the control API of a started Worker with its admin token. */
export async function control(
  { url }: Pick<Started, "url">,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has("authorization")) headers.set("authorization", `Bearer ${adminToken}`);
  return fetch(`${url}/api/v1${path}`, { ...init, headers });
}
