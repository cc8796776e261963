// Signing keys outside the Registry: who reads KV or the colo cache learns none.
import { expect, it } from "vitest";
import { keySecretsFrom } from "#src/adapters/key-secrets.ts";
import { registryFrom } from "#src/adapters/registry.ts";
import { createKeyWrap } from "#src/adapters/key-wrap.ts";
import { env, newIsolate, publish } from "../isolate.ts";
import { createFlag } from "../control-flags.ts";

const [now, before] = ["n".repeat(32), "b".repeat(32)];
const keys = ["ab".repeat(32), "cd".repeat(32)];
const text = `{"edition":1,"signingKeys":${JSON.stringify(keys)},"flags":{}}`;

it("opens to what was sealed, and says nothing of the keys", async () => {
  const sealed = await createKeyWrap([now]).seal(text, keys);
  for (const key of keys) expect(sealed).not.toContain(key);
  const opened = await createKeyWrap([now]).open(sealed);
  expect(opened).toEqual({ text: text.replace(/\["[^\]]*\]/, "[]"), keys });
});

it("opens what the former secret sealed, and seals with the present one", async () => {
  const old = await createKeyWrap([before]).seal(text, keys);
  const rotating = createKeyWrap([now, before]);
  expect((await rotating.open(old)).keys).toEqual(keys);
  const fresh = await createKeyWrap([now, before]).seal(text, keys);
  expect((await createKeyWrap([now]).open(fresh)).keys).toEqual(keys);
  await expect(createKeyWrap([before]).open(fresh)).rejects.toThrow("no secret");
});

it("refuses what was changed by a letter", async () => {
  const sealed = await createKeyWrap([now]).seal(text, keys);
  const changed = sealed.replace(/^(sealed1\..{40})./, (_, start: string) => `${start}!`);
  await expect(createKeyWrap([now]).open(changed)).rejects.toThrow("no secret");
});

it("lets no key out where there is no secret", async () => {
  const sealed = await createKeyWrap([]).seal(text, keys);
  expect(sealed).toBe(text.replace(/\["[^\]]*\]/, "[]"));
});

it("reads what an earlier deploy stored in clear", async () => {
  expect(await createKeyWrap([now]).open(text)).toEqual({ text, keys: undefined });
});

it.each([
  [{}, "AVIARY_KEY_SECRET is not set"],
  [{ AVIARY_KEY_SECRET: "short" }, "at least 32 characters"],
  [{ AVIARY_KEY_SECRET: now, AVIARY_KEY_SECRET_PREVIOUS: "x" }, "AVIARY_KEY_SECRET_PREVIOUS"],
])("a deployment with %j is told what it lacks", (variables, problem) => {
  expect(keySecretsFrom(variables).problems.join()).toContain(problem);
  expect(keySecretsFrom({ ...variables, AVIARY_LOCAL: "true" }).problems.length).toBeLessThan(2);
});

it("a deployment without it has its control API closed, and serves", async () => {
  const isolate = newIsolate({ CONTROL_HOST: "control.test", AVIARY_LOCAL: "" });
  expect((await isolate.fetch("https://control.test/api/v1/status")).status).toBe(503);
  expect((await isolate.fetch("/healthz")).status).toBe(200);
});

it("neither KV nor the colo cache holds a key of the running system", async () => {
  await createFlag("sealing", { patch: { delayMs: 1 } });
  await publish("/datafiles/sealed?account=sealed", "{}");
  const cache = await caches.open("aviary");
  await cache.delete("https://colo.invalid/snapshot");
  await newIsolate().fetch("/datafiles/sealed.json");
  const colo = await cache.match("https://colo.invalid/snapshot");
  const copies = [await env.STORE.get("snapshot"), await colo?.text()];
  const { signingKeys } = JSON.parse(
    (await registryFrom(env.REGISTRY)().snapshot(-1)).text ?? "{}",
  ) as { signingKeys: readonly string[] };
  expect(signingKeys.length).toBeGreaterThan(0);
  for (const copy of copies) {
    for (const key of signingKeys) expect(copy).not.toContain(key);
    expect(copy).toMatch(/^sealed1\./);
    expect(copy).toContain('"signingKeys":[]');
  }
});
