// A laboratory for the beacon: one server that is a site (127.0.0.1) and a CDN
// (localhost) at once. It composes snippets with the real beacon and keeps what
// pages send, as the server would read it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Said } from "#rum/columns.ts";
import type { BeaconConfig } from "#rum/beacon-config.ts";
import { ingest, type Beacon } from "#rum/ingest.ts";
import { viewKey } from "#rum/stitch.ts";
import { compose, preludeFor } from "#src/delivery/compose.ts";
import { buildBeacon } from "../../worker/build/beacon.ts";

export type Page = {
  /** What stands around the snippet's element. */
  readonly head?: string;
  readonly body?: string;
  /** The snippet's engine. */
  readonly engine?: string;
  readonly config?: Partial<BeaconConfig>;
  /** Attributes of the snippet's element. */
  readonly attributes?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the page's answer; 200 where it is left out. */
  readonly status?: number;
  readonly inline?: true;
  /** Stands in the snippet's place, without a beacon. */
  readonly instead?: string;
  /** The whole document, where it is no HTML around the snippet's element. */
  readonly document?: string;
};

/** A beacon that came, the text that it came as, and the host that it was sent to. */
export type Arrived = Beacon & { readonly text: string; readonly host: string | undefined };

export type Lab = {
  /** Puts a page in place, forgets what came of one of that name, and returns its URL. */
  readonly put: (name: string, page?: Page) => string;
  /** What pages of that name sent, in the order of coming. */
  readonly arrived: (name: string) => readonly Arrived[];
  /** The same, once there are at least so many; fails after forty seconds. */
  readonly until: (name: string, atLeast: number) => Promise<readonly Arrived[]>;
  /** What a page's own script last posted to `/heard/<name>`, once there is something; it can ask itself by GET. */
  readonly heard: (name: string) => Promise<unknown>;
  readonly cdn: string;
  readonly stop: () => Promise<void>;
};

const patienceMs = 40_000;
const pixel = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
/** Of many bytes, as what takes few to the pixel is no candidate for LCP. */
const image = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="teal"/><!--${"tea".repeat(20_000)}--></svg>`;
const token = "1.ya.ai34.16.a1_c.3k2j1h";

/** Starts it on a free port of loopback. */
export async function startLab(): Promise<Lab> {
  const { early, collector } = await buildBeacon();
  const pages = new Map<string, Page>();
  const all = new Map<string, Arrived[]>();
  const heard = new Map<string, unknown>();
  const server = createServer((request, response) => {
    // A page may be gone before it has its answer.
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const cdn = `http://localhost:${port}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", cdn);
    await wait(Number(searchParams.get("slow") ?? 0));
    const [, kind = "", name = ""] = pathname.split("/");
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("timing-allow-origin", "*");
    response.setHeader("cross-origin-resource-policy", "cross-origin");
    if (request.method === "POST") {
      const text = await textOf(request);
      response.statusCode = 204;
      response.end();
      if (kind === "heard") {
        heard.set(name, JSON.parse(text));
        return;
      }
      const beacon = ingest(text);
      // As the server would: what is not a beacon does not count, nor does one that came
      // before. A page that ends may send what it armed beside what it sends itself.
      if (!beacon.ok) return;
      const before = all.get(name) ?? [];
      const isRepeat = before.some((other) => keyOf(other) === keyOf(beacon.value));
      if (isRepeat) return;
      all.set(name, [...before, { ...beacon.value, text, host: request.headers.host }]);
      return;
    }
    if (kind === "heard") {
      response.statusCode = heard.has(name) ? 200 : 404;
      response.end();
      return;
    }
    if (kind === "nothing") {
      response.statusCode = 204;
      response.end();
      return;
    }
    const bare = name.replace(/\.js$/, "");
    const page = pages.get(bare);
    if (kind === "js" && page !== undefined) {
      response.setHeader("content-type", "text/javascript");
      response.setHeader("server-timing", `av;desc="${token}", cache;desc=hit, edge;dur=0.4`);
      response.end(snippet(bare, page));
    } else if (kind === "own") {
      // A site's own URL for the snippet.
      response.statusCode = 302;
      response.setHeader("location", `${cdn}/js/${name}`);
      response.end();
    } else if (kind === "beacon" && request.headers.host === new URL(cdn).host) {
      response.setHeader("content-type", "text/javascript");
      response.end(collector);
    } else if (kind === "image") {
      response.setHeader("content-type", "image/svg+xml");
      response.end(image);
    } else if (kind === "pixel") {
      response.setHeader("content-type", "image/gif");
      response.setHeader("cache-control", "max-age=600");
      response.end(pixel);
    } else if (kind === "page" && page !== undefined) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      for (const [field, value] of Object.entries(page.headers ?? {})) {
        response.setHeader(field, value);
      }
      response.statusCode = page.status ?? 200;
      response.end(html(bare, page));
    } else {
      response.statusCode = 404;
      response.end();
    }
  }

  function snippet(id: string, { engine = "", config, inline, instead }: Page): string {
    if (instead !== undefined) return instead;
    const beacon: BeaconConfig = {
      collector: inline ? { inline: true } : "/beacon/1.js",
      to: `/t/${id}`,
      sampleRate: 1,
      revision: "3da137979d4e",
      build: "2.1.0",
      variant: "1.0.0",
      ...config,
    };
    const prelude = preludeFor({ snippetId: id, engineVersion: "1", payload: "{}", beacon });
    return compose({ prelude, beacon: inline ? [early, collector] : [early], engine });
  }

  function html(id: string, { document, head = "", body = "", attributes = "" }: Page): string {
    if (document !== undefined) return document;
    const element = `<script src="${cdn}/js/${id}.js" ${attributes}></script>`;
    return `<!doctype html><meta charset="utf-8"><title>${id}</title>${head}${element}<body>${body}`;
  }

  const arrived = (name: string): readonly Arrived[] => all.get(name) ?? [];
  return {
    put: (name, page = {}) => {
      pages.set(name, page);
      // A test that is run once more begins anew.
      all.delete(name);
      heard.delete(name);
      return `http://127.0.0.1:${port}/page/${name}`;
    },
    arrived,
    until: async (name, atLeast) => {
      await until(() => arrived(name).length >= atLeast, `${atLeast} beacons of ${name}`);
      return arrived(name);
    },
    heard: async (name) => {
      await until(() => heard.has(name), `word of ${name}`);
      return heard.get(name);
    },
    cdn,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(`no ${what} in ${patienceMs} ms`);
    await wait(20);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  return text;
}

/**
 * An engine that posts to `/heard/<name>` of the lab once the collector, loaded from the CDN,
 * has begun: from then on a page that ends has a late message to send.
 */
export function tellingWhenCollected({ cdn }: Pick<Lab, "cdn">, name: string): string {
  return `(function () {
    var isCollector = function (entry) { return entry.name.indexOf("/beacon/") > 0; };
    var watch = setInterval(function () {
      var loading = document.querySelector('script[src*="/beacon/"]');
      if (loading || !performance.getEntriesByType("resource").some(isCollector)) return;
      clearInterval(watch);
      setTimeout(function () { navigator.sendBeacon("${cdn}/heard/${name}", "1"); }, 50);
    }, 20);
  })();`;
}

/** A script that posts to `/heard/<name>` once a page is loaded and its collector has begun. */
export function tellingOnLoad(name: string): string {
  const tell = `fetch("/heard/${name}", { method: "POST", body: "1" })`;
  return `addEventListener("load", () => setTimeout(() => ${tell}, 100));`;
}

/** The same for two beacons of which the server keeps one. */
function keyOf(beacon: Beacon): string {
  return `${viewKey(beacon)}-${beacon.said["stitch.late_seq"]}`;
}

/** Everything that one view's beacons said, later ones over earlier ones. */
export function saidOf(beacons: readonly Arrived[], index = 0): Said {
  const views = beacons.filter(({ said }) => said["pv.index"] === index);
  return Object.assign({}, ...views.map(({ said }) => said)) as Said;
}
