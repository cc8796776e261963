import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
  await place.write("engine.js", "globalThis.engine = 1;\n");
  await place.write("other.js", "globalThis.engine = 2;\n");
  await place.write("payload.json", '{"color":"red"}');
  await place.write("datafile.json", '{"revision":"1"}');
  await place.aviary(["engine", "publish", "1.0.0", "engine.js"]);
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

describe("engine", () => {
  it("is published once: again changes nothing, other bytes are a conflict", async () => {
    const first = await place.json(["engine", "publish", "2.0.0", "engine.js"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.document).toMatchObject({ version: "2.0.0", changed: true, warnings: [] });
    const again = await place.json(["engine", "publish", "2.0.0", "engine.js"]);
    expect(again).toMatchObject({ code: 0, document: { changed: false } });
    const other = await place.json(["engine", "publish", "2.0.0", "other.js"]);
    expect(other).toMatchObject({ code: 4, document: { error: { kind: "conflict" } } });
  });

  it("that does not parse is refused, and the message names the argument and the place", async () => {
    await place.write("broken.js", "let a = ;\n");
    const { code, stdout, stderr } = await place.aviary(["engine", "publish", "3", "broken.js"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/Not JavaScript: <file> .*\(1:8\)/);
  });

  it("is listed as a table or as one document", async () => {
    const text = await place.aviary(["engine", "list"]);
    expect(text.stdout).toMatch(/^VERSION +PUBLISHED +SIZE +SHA-256\n/);
    expect(text.stdout).toMatch(/^1\.0\.0 .* UTC {2}just now +\d+ B/m);
    const { document } = await place.json(["engine", "list"]);
    expect(document["engines"]).toContainEqual(expect.objectContaining({ version: "1.0.0" }));
  });
});

describe("snippet", () => {
  const publish = ["snippet", "publish", "shop", "--account", "acme", "--engine", "1.0.0"];

  it("answers with a script tag whose digest is that of the script it loads", async () => {
    const { code, document } = await place.json([...publish, "--payload", "payload.json"]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      revision: 1,
      previous: null,
      changed: true,
      engine: "1.0.0",
      url: `${worker.url}/js/shop.js`,
    });
    const tag =
      /^<script src="([^"]+)" integrity="sha256-([^"]+)" crossorigin="anonymous"><\/script>$/;
    const [, src = "", digest] = tag.exec(String(document["scriptTag"])) ?? [];
    expect(src).toBe(document["immutableUrl"]);
    const script = await (await fetch(src)).bytes();
    expect(createHash("sha256").update(script).digest("base64")).toBe(digest);
  });

  it("says so where nothing changed", async () => {
    const { code, stdout } = await place.aviary([...publish, "--payload", "payload.json"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^= snippet shop is unchanged at revision 1\n/);
  });

  it("comes from standard input as well as from a file", async () => {
    const options = { stdin: '{"color":"blue"}' };
    const { stdout, stderr } = await place.aviary([...publish, "--payload", "-"], options);
    expect(stdout).toMatch(/^✔ snippet shop is at revision 2 \(was 1\)\n/);
    expect(stdout).toMatch(/sizes +\d+ B; br \d+ B, .*gzip \d+ B\n/);
    expect(stdout).toContain("<script src=");
    expect(stderr).toBe("");
  });

  it("links to the host that pages load from, where that is another", async () => {
    const env = { AVIARY_CDN_URL: "https://cdn.example.com" };
    const { document } = await place.json(["snippet", "show", "shop"], { env });
    expect(document["url"]).toBe("https://cdn.example.com/js/shop.js");
    expect(document["scriptTag"]).toContain('src="https://cdn.example.com/js/shop/');
  });

  it("is listed for its account alone", async () => {
    const { stdout } = await place.aviary(["snippet", "list", "--account", "acme"]);
    expect(stdout).toMatch(/^shop +2 /m);
    const { document } = await place.json(["snippet", "list", "--account", "other"]);
    expect(document).toEqual({ snippets: [] });
  });

  it("of another account is a conflict", async () => {
    const args = ["snippet", "publish", "shop", "--account", "other", "--payload", "payload.json"];
    expect(await place.json(args)).toMatchObject({ code: 4 });
  });
});

describe("datafile", () => {
  const publish = ["datafile", "publish", "key1", "datafile.json", "--account", "acme"];
  const publishSecret = ["datafile", "publish", "key2", "datafile.json", "--account", "acme"];
  const tokens = ["token-in-a-file-0001", "token-in-a-variable-0002", "token-on-stdin-00003"];

  it("is public unless told otherwise, and its template leads to it", async () => {
    const { code, document } = await place.json(publish);
    expect({ code, private: document["private"] }).toEqual({ code: 0, private: false });
    const url = String(document["urlTemplate"]).replace("%s", "key1");
    expect(await (await fetch(url)).json()).toEqual({ revision: "1" });
  });

  it("takes access tokens from a file, a variable and standard input, and shows none", async () => {
    const [inFile = "", inVariable = "", onStdin = ""] = tokens;
    await place.write("token.txt", `${inFile}\n`);
    const sources = ["@token.txt", "env:SDK_TOKEN", "-"].flatMap((source) => [
      "--access-token",
      source,
    ]);
    const options = { env: { SDK_TOKEN: inVariable }, stdin: onStdin };
    const { code, stdout, stderr } = await place.aviary([...publishSecret, ...sources], options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`urlTemplate  ${worker.url}/datafiles/auth/%s.json`);
    for (const token of tokens) {
      expect(stdout).not.toContain(token);
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${worker.url}/datafiles/auth/key2.json`, { headers });
      expect(answer.status).toBe(200);
    }
  });

  it("stays private until --public opens it", async () => {
    const kept = await place.json(publishSecret);
    expect(kept.document).toMatchObject({ private: true, changed: false });
    const opened = await place.json([...publishSecret, "--public"]);
    expect(opened.document).toMatchObject({ private: false, changed: true });
  });

  it("is listed with who may read it", async () => {
    const { stdout } = await place.aviary(["datafile", "list", "--account", "acme"]);
    expect(stdout).toMatch(/^key1 +1 .* public +16 B/m);
  });
});
