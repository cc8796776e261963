// The real Worker in a workerd of its own: what wrangler.toml binds, on loopback.
import { join } from "node:path";
import { build } from "esbuild";
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
};

export type Started = {
  /** Origin, without a slash at the end. */
  readonly url: string;
  readonly miniflare: Miniflare;
  /** Pid of its workerd. */
  readonly pid: number;
  /** Origin of the direct socket, where one was asked for. */
  readonly directUrl: () => Promise<string>;
  readonly stop: () => Promise<void>;
};

/** Bundles `entry` as wrangler does for upload: one ES module, runtime modules left out. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** Starts Aviary; the caller stops it. */
export async function startAviary(options: StartOptions = {}): Promise<Started> {
  const { workerOptions: bound, main = "" } = workerOptions(join(root, "wrangler.toml"));
  const { persist, direct = false } = options;
  const contents = await bundle(main);
  const { value: miniflare, pid } = await newWorkerd(async () => {
    const starting = new Miniflare(
      convertV4MiniflareOptions({
        ...(bound as object),
        name: "aviary",
        modules: [{ type: "ESModule", path: "index.mjs", contents }],
        bindings: { CONTROL_HOST: "", AVIARY_ADMIN_TOKEN: adminToken, ...options.bindings },
        host: "127.0.0.1",
        port: options.port ?? 0,
        cf: false,
        ...(persist === undefined ? {} : { resourcePersistencePath: persist }),
        ...(direct ? { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] } : {}),
      }),
    );
    await starting.ready;
    return starting;
  });
  return {
    url: (await miniflare.ready).origin,
    pid,
    miniflare,
    directUrl: async () => (await miniflare.unsafeGetDirectURL()).origin,
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
