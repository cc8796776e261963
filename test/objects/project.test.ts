import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Pointer } from "#src/delivery/pointer.ts";
import { control, env, publish } from "../isolate.ts";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
});

const projectOf = (account: string): DurableObjectStub =>
  env.PROJECT.get(env.PROJECT.idFromName(account));

const copyOf = (id: string): Promise<Pointer | null> =>
  env.STORE.get<Pointer>(`pointer:snippet:${id}`, "json");

type PutCopy = (key: string, value: string) => Promise<void>;

/** Replaces how the object of `account` writes its pointers' copies. */
async function breakCopies(account: string, put: PutCopy): Promise<void> {
  await runInDurableObject(projectOf(account), (instance) => {
    const own = instance as unknown as { env: object };
    const broken = new Proxy(env.STORE, {
      get(target, property) {
        if (property === "put") {
          return (key: string, value: string) =>
            key.startsWith("pointer:") ? put(key, value) : target.put(key, value);
        }
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    own.env = { ...own.env, STORE: broken };
  });
}

describe("a Project object", () => {
  it("keeps revisions and history through a crash", async () => {
    await publish("/snippets/durable?account=crash", '{"n":1}');
    await publish("/snippets/durable?account=crash", '{"n":2}');
    await abortAllDurableObjects();
    const response = await control("/snippets/durable/history");
    const { snippets } = await response.json<{ snippets: { revision: number }[] }>();
    expect(snippets.map(({ revision }) => revision)).toEqual([2, 1]);
  });

  it("keeps a publish that KV refused, and writes its copy by alarm once KV takes it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await publish("/snippets/refused?account=outage", '{"n":1}');
    await breakCopies("outage", () => Promise.reject(new Error("429")));
    const second = await publish("/snippets/refused?account=outage", '{"n":2}');
    expect(second).toMatchObject({ revision: 2, changed: true });
    expect((await copyOf("refused"))?.revision).toBe(1);
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(projectOf("outage"))).toBe(true);
    expect((await copyOf("refused"))?.revision).toBe(2);
    expect(await runDurableObjectAlarm(projectOf("outage"))).toBe(false);
  });

  it("leaves no alarm behind when everything is copied", async () => {
    await publish("/snippets/quiet?account=quiet", "{}");
    expect(await runDurableObjectAlarm(projectOf("quiet"))).toBe(false);
  });

  it("never lets an older copy land on a newer one, however slow the older write", async () => {
    await publish("/snippets/order?account=order", '{"n":0}');
    const written: number[] = [];
    await breakCopies("order", async (key, value) => {
      const { revision } = JSON.parse(value) as { revision: number };
      if (revision === 2) await new Promise((resolve) => setTimeout(resolve, 200));
      written.push(revision);
      await env.STORE.put(key, value);
    });
    const second = publish("/snippets/order?account=order", '{"n":1}');
    await vi.waitUntil(async () => (await revisionOf("order")) === 2);
    await Promise.all([second, publish("/snippets/order?account=order", '{"n":2}')]);
    expect(written).toEqual([2, 3]);
    expect((await copyOf("order"))?.revision).toBe(3);
  });
});

describe("a body that could not be stored in every coding", () => {
  it("says so in every answer, and has the missing one once it is published again", async () => {
    await publish("/datafiles/lame?account=lame", '{"n":1}');
    await runInDurableObject(projectOf("lame"), (_, { storage }) => {
      for (const table of ["head", "revision"]) {
        storage.sql.exec(
          `UPDATE ${table} SET document = json_remove(document, '$.content.body.zstd')`,
        );
      }
    });
    const shown = await (await control("/datafiles/lame")).json();
    expect(shown).toMatchObject({ revision: 1, missingCodings: ["zstd"] });
    const again = await publish("/datafiles/lame?account=lame", '{"n":1}');
    expect(again).toMatchObject({ revision: 1, changed: false, missingCodings: [] });
    const copy = await env.STORE.get<Pointer>("pointer:datafile:lame", "json");
    expect(copy).toHaveProperty("content.body.zstd");
  });
});

describe("an account that is deleted", () => {
  it("has every id gone at the edge, however many there are", async () => {
    await publish("/snippets/many?account=many", "{}");
    const ids = Array.from({ length: 250 }, (_, n) => `many${n}`);
    await runInDurableObject(projectOf("many"), (_, { storage }) => {
      const query = "SELECT document FROM head WHERE id = 'many'";
      const { document } = storage.sql.exec<{ document: string }>(query).one();
      for (const id of ids) {
        const clone = JSON.stringify({ ...(JSON.parse(document) as Pointer), id });
        storage.sql.exec("INSERT INTO head VALUES ('snippet', ?, ?, 1)", id, clone);
      }
    });
    const deleted = await control("/accounts/many", { method: "DELETE" });
    expect(await deleted.json()).toMatchObject({ ids: 251 });
    for (let runs = 0; runs < 3; runs += 1) await runDurableObjectAlarm(projectOf("many"));
    const copies = await Promise.all(ids.map((id) => copyOf(id)));
    expect(copies.every((copy) => copy !== null && "deleted" in copy)).toBe(true);
    expect(await runDurableObjectAlarm(projectOf("many"))).toBe(false);
  });
});

describe("an account that published before its holdings were counted", () => {
  it("has them counted, so that nothing of it is taken for what nobody needs", async () => {
    await publish("/datafiles/early?account=early", '{"n":1}');
    const before = await (await control("/accounts/early")).json();
    await runInDurableObject(projectOf("early"), (_, { storage }) => {
      storage.sql.exec("DELETE FROM held");
    });
    await abortAllDurableObjects();
    expect(await (await control("/accounts/early")).json()).toEqual(before);
  });
});

describe("an id that is given up", () => {
  it("is not while KV has yet to delete one of its releases", async () => {
    const free = "/snippets/unsettled?free=true";
    const init = { method: "DELETE" };
    await publish("/snippets/unsettled?account=unsettled", "{}");
    await control("/snippets/unsettled", { method: "DELETE" });
    const doomed = "INSERT INTO doomed_release VALUES ('unsettled', '0123456789abcdef')";
    await runInDurableObject(projectOf("unsettled"), (_, { storage }) => {
      storage.sql.exec(doomed);
    });
    expect((await control(free, init)).status).toBe(409);
    // Whatever is copied next takes it up again.
    await publish("/snippets/settled?account=unsettled", "{}");
    expect((await control(free, init)).status).toBe(200);
  });
});

async function revisionOf(id: string): Promise<number> {
  return (await (await control(`/snippets/${id}`)).json<{ revision: number }>()).revision;
}
