import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { newIsolate, publish } from "../isolate.ts";

const decoders = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
  identity: (bytes: Uint8Array) => bytes,
};

async function plain(response: Response): Promise<string> {
  const coding = (response.headers.get("content-encoding") ?? "identity") as keyof typeof decoders;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return new TextDecoder().decode(decoders[coding](bytes));
}

const datafile = '{"version":"4","revision":"7"}';
let immutablePath = "";
let integrity = "";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = self.aviary.payload.n;");
  const snippet = await publish("/snippets/shop?account=acme", '{"n":1}');
  ({ immutablePath, integrity } = snippet as { immutablePath: string; integrity: string });
  await publish("/datafiles/key1?account=acme", datafile);
  await publish("/datafiles/secret1?account=acme", datafile, {
    "Aviary-Access-Tokens": "correct-horse-battery",
  });
});

describe("a snippet", () => {
  it.each(["br", "zstd", "gzip", "identity"] as const)(
    "is the same script in %s",
    async (coding) => {
      const response = await newIsolate().fetch("/js/shop.js", {
        headers: { "accept-encoding": coding },
      });
      expect(response.headers.get("content-encoding") ?? "identity").toBe(coding);
      expect(await plain(response)).toContain("self.engineRan = self.aviary.payload.n;");
    },
  );

  it("says everything that a cross-origin page and a cache need", async () => {
    const response = await newIsolate().fetch("/js/shop.js?any=query", {
      headers: { "accept-encoding": "br" },
    });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=120, stale-while-revalidate=60, stale-if-error=86400",
      "content-type": "text/javascript; charset=utf-8",
      "cross-origin-resource-policy": "cross-origin",
      "timing-allow-origin": "*",
      "x-content-type-options": "nosniff",
      etag: expect.stringMatching(/^"[0-9a-f]{32}-br"$/),
      vary: "Accept-Encoding",
    });
  });

  it("comes from memory the second time, and says so", async () => {
    const isolate = newIsolate();
    const first = await isolate.fetch("/js/shop.js");
    const second = await isolate.fetch("/js/shop.js");
    expect(first.headers.get("server-timing")).toMatch(/^cache;desc=(colo|kv), edge;dur=\d+$/);
    expect(second.headers.get("server-timing")).toBe("cache;desc=hit, edge;dur=0");
  });

  it("answers 304 without a body to the validators that it gave out", async () => {
    const isolate = newIsolate();
    const first = await isolate.fetch("/js/shop.js", { headers: { "accept-encoding": "gzip" } });
    const etag = first.headers.get("etag") ?? "";
    const again = await isolate.fetch("/js/shop.js", {
      headers: { "accept-encoding": "gzip", "if-none-match": `W/${etag}` },
    });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
    for (const name of ["etag", "cache-control", "vary", "last-modified", "timing-allow-origin"]) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
  });

  it("is not 304 for the entity tag of another coding", async () => {
    const isolate = newIsolate();
    const gzip = await isolate.fetch("/js/shop.js", { headers: { "accept-encoding": "gzip" } });
    const br = await isolate.fetch("/js/shop.js", {
      headers: { "accept-encoding": "br", "if-none-match": gzip.headers.get("etag") ?? "" },
    });
    expect(br.status).toBe(200);
  });

  it("has the same fields for HEAD, and its length, without a body", async () => {
    const isolate = newIsolate();
    const init = { headers: { "accept-encoding": "br" } };
    const get = await isolate.fetch("/js/shop.js", init);
    const head = await isolate.fetch("/js/shop.js", { ...init, method: "HEAD" });
    expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
    expect(head.headers.get("content-length")).toBe(String((await get.arrayBuffer()).byteLength));
    expect(await head.text()).toBe("");
  });

  it("moves with a publish: new bytes, new entity tag, later Last-Modified", async () => {
    await publish("/snippets/moving?account=acme", '{"n":1}');
    const before = await newIsolate().fetch("/js/moving.js");
    await publish("/snippets/moving?account=acme", '{"n":2}');
    const after = await newIsolate().fetch("/js/moving.js");
    expect(await plain(after)).toContain('{"n":2}');
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
    const [old, current] = [before, after].map(({ headers }) =>
      Date.parse(headers.get("last-modified") ?? ""),
    );
    expect(current).toBeGreaterThan(old ?? Infinity);
  });
});

describe("an immutable URL", () => {
  it("is the exact composition that its integrity value names, for ever", async () => {
    const response = await newIsolate().fetch(immutablePath);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
    expect(integrity).toBe(`sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`);
  });

  it("goes on answering after the snippet moved, and takes a longer prefix", async () => {
    await publish("/snippets/kept?account=acme", '{"n":1}');
    const first = (await publish("/snippets/kept?account=acme", '{"n":2}')) as {
      sha256: string;
    };
    await publish("/snippets/kept?account=acme", '{"n":3}');
    const response = await newIsolate().fetch(`/js/kept/${first.sha256}.js`);
    expect(await plain(response)).toContain('{"n":2}');
  });

  it("is 404 for a digest that was never published, also one that starts alike", async () => {
    const prefix = /\/([0-9a-f]{16})\.js$/.exec(immutablePath)?.[1] ?? "";
    const alike = `/js/shop/${prefix}${"0".repeat(48)}.js`;
    for (const path of [`/js/shop/${"0".repeat(16)}.js`, alike]) {
      expect((await newIsolate().fetch(path)).status).toBe(404);
    }
  });
});

describe("a datafile", () => {
  it("is what was published, byte for byte", async () => {
    const response = await newIsolate().fetch("/datafiles/key1.json");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe(datafile);
  });

  it("is 304 to its own Last-Modified, echoed to the letter", async () => {
    const isolate = newIsolate();
    const first = await isolate.fetch("/datafiles/key1.json");
    const since = first.headers.get("last-modified") ?? "";
    const again = await isolate.fetch("/datafiles/key1.json", {
      headers: { "if-modified-since": since },
    });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
  });

  it("that has access tokens opens to a bearer alone, and is private", async () => {
    const isolate = newIsolate();
    const status = async (path: string, authorization?: string): Promise<number> => {
      const init = authorization === undefined ? {} : { headers: { authorization } };
      return (await isolate.fetch(path, init)).status;
    };
    expect(await status("/datafiles/secret1.json")).toBe(404);
    expect(await status("/datafiles/auth/secret1.json")).toBe(401);
    expect(await status("/datafiles/auth/secret1.json", "Basic x")).toBe(401);
    expect(await status("/datafiles/auth/secret1.json", "Bearer wrong-horse-battery")).toBe(403);
    const response = await isolate.fetch("/datafiles/auth/secret1.json", {
      headers: { authorization: "Bearer correct-horse-battery" },
    });
    expect(await response.text()).toBe(datafile);
    expect(response.headers.get("cache-control")).toBe("private, max-age=120");
    expect(response.headers.get("vary")).toBe("Accept-Encoding, Authorization");
  });

  it("that has no access tokens opens to no bearer", async () => {
    const response = await newIsolate().fetch("/datafiles/auth/key1.json", {
      headers: { authorization: "Bearer correct-horse-battery" },
    });
    expect(response.status).toBe(403);
  });
});

describe("what is not there", () => {
  it("is a comment for a script, and a problem document for JSON, cached for a short time", async () => {
    const script = await newIsolate().fetch("/js/nobody.js");
    expect(script.status).toBe(404);
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(await script.text()).toMatch(/^\/\* aviary: 404 .* \*\/\n$/);
    const json = await newIsolate().fetch("/datafiles/nobody.json");
    expect(json.headers.get("content-type")).toBe("application/problem+json");
    expect(json.headers.get("cache-control")).toBe("public, max-age=30");
    expect(await json.json()).toMatchObject({ status: 404, type: "urn:aviary:problem:unknown-id" });
  });

  it("is a comment for every path where a script was hoped for", async () => {
    const response = await newIsolate().fetch("/js/not%20an%20id.js");
    expect(response.status).toBe(404);
    expect(await response.text()).toMatch(/^\/\*.*\*\/\n$/);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])("is 405 with Allow for %s", async (method) => {
    const response = await newIsolate().fetch("/js/shop.js", { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  it("is 406 for a client that refuses everything", async () => {
    const response = await newIsolate().fetch("/js/shop.js", {
      headers: { "accept-encoding": "*;q=0" },
    });
    expect(response.status).toBe(406);
  });

  it("answers a preflight with the fields that SDKs send", async () => {
    const response = await newIsolate().fetch("/datafiles/auth/key1.json", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toBe(
      "If-Modified-Since, If-None-Match, Authorization",
    );
  });

  it("tells its build at /healthz, uncached", async () => {
    const response = await newIsolate().fetch("/healthz");
    expect(await response.json()).toMatchObject({ status: "ok", build: expect.any(String) });
    expect(response.headers.get("cache-control")).toBe("no-store");
  });
});
