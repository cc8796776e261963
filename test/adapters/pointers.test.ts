// What ids that nobody published cost the store.
import { describe, expect, it } from "vitest";
import { env, newIsolate, publish } from "../isolate.ts";

function counted() {
  const reads: string[] = [];
  const store = new Proxy(env.STORE, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const method = value.bind(target) as (...rest: unknown[]) => unknown;
      return (...rest: unknown[]) => {
        const [key] = rest;
        if (name === "get" && String(key).startsWith("pointer:")) reads.push(String(key));
        // The store's own answer for what it does not have, without 10,000 round trips.
        if (name === "get" && String(key).includes(":nobody")) return Promise.resolve(null);
        return method(...rest);
      };
    },
  });
  return { reads, isolate: newIsolate({ STORE: store }) };
}

describe("an unknown id", () => {
  it("is read once for all who ask within its age, and not at all where it can be none", async () => {
    const { reads, isolate } = counted();
    for (let time = 0; time < 5; time += 1) {
      expect((await isolate.fetch("/js/nobody.js")).status).toBe(404);
    }
    for (const path of ["/js/not%20an%20id.js", `/js/${"a".repeat(300)}.js`, "/js/.js"]) {
      expect((await isolate.fetch(path)).status).toBe(404);
    }
    expect(reads).toEqual(["pointer:snippet:nobody"]);
  });

  it("never pushes out a published one, however many are asked for", async () => {
    const engine = await publish("/engines/1.0.0", "void 0;");
    expect(engine).toBeDefined();
    await publish("/snippets/kept?account=acme", "{}");
    const { reads, isolate } = counted();
    expect((await isolate.fetch("/js/kept.js")).status).toBe(200);
    const { pointers } = isolate.services;
    const asked = { kind: "snippet", nowMs: Date.now(), background: { waitUntil() {} } } as const;
    for (let at = 0; at < 20_001; at += 1) await pointers.load({ ...asked, id: `nobody${at}` });
    expect(pointers.held("snippet", "kept")?.pointer?.id).toBe("kept");
    expect(reads.filter((key) => key === "pointer:snippet:kept")).toHaveLength(1);
    expect(pointers.held("snippet", "nobody0")).toBeUndefined();
  });
});
