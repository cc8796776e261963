// Bodies that are stored in fewer codings than there are, because one could not be made.
import { beforeAll, describe, expect, it } from "vitest";
import { env, newIsolate, publish, type Isolate } from "../isolate.ts";

const scripts = { path: "/js/lame.js", immutable: "" };

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = true;");
  const snippet = await publish("/snippets/lame?account=acme", '{"n":1}');
  scripts.immutable = (snippet as { immutablePath: string }).immutablePath;
  await publish("/datafiles/lame?account=acme", '{"n":1}');
  for (const kind of ["snippet", "datafile"]) {
    await withoutZstd(`pointer:${kind}:lame`);
  }
  const { keys } = await env.STORE.list({ prefix: "release:lame:" });
  for (const { name } of keys) await withoutZstd(name);
});

/** Takes the zstd form out of a stored document. */
async function withoutZstd(key: string): Promise<void> {
  const text = (await env.STORE.get(key)) ?? "";
  const document: unknown = JSON.parse(text, (name, value: unknown) =>
    name === "zstd" ? undefined : value,
  );
  expect(JSON.stringify(document).length).toBeLessThan(text.length);
  await env.STORE.put(key, JSON.stringify(document));
}

/** An isolate, and how often it asked for a repair. */
function watched(): { readonly isolate: Isolate; readonly repairs: () => number } {
  let repairs = 0;
  const repair = async (): Promise<void> => void (repairs += 1);
  const projects = () => ({ repair, compose: repair }) as never;
  return { isolate: newIsolate({}, { projects }), repairs: () => repairs };
}

describe.each(["/js/lame.js", "/datafiles/lame.json", "immutable"])(
  "%s without its zstd form",
  (name) => {
    const path = (): string => (name === "immutable" ? scripts.immutable : name);

    it.each([
      ["zstd, br", "br"],
      ["zstd, gzip;q=0.5", "gzip"],
      ["zstd", null],
      ["zstd, *;q=0.1", "br"],
    ])("answers %s with %s, in one request after another", async (accepted, coding) => {
      const { isolate, repairs } = watched();
      for (let request = 0; request < 3; request += 1) {
        const headers = { "accept-encoding": accepted };
        const response = await isolate.fetch(path(), { headers });
        expect([response.status, response.headers.get("content-encoding")]).toEqual([200, coding]);
      }
      expect(repairs()).toBe(0);
    });

    it("answers 406 to whoever takes nothing else", async () => {
      const headers = { "accept-encoding": "zstd, identity;q=0" };
      const response = await watched().isolate.fetch(path(), { headers });
      expect(response.status).toBe(406);
    });
  },
);
