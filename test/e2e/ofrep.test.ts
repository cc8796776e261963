// OpenFeature's own providers, as they are on npm, against the real Worker; what
// they say is what flagd-core says for the exported file.
import { FlagdCore } from "@openfeature/flagd-core";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, type JsonValue } from "@openfeature/server-sdk";
import { OpenFeature as WebOpenFeature, type Provider } from "@openfeature/web-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminToken, control, startAviary, type Started } from "../harness.ts";

const silent = { error() {}, warn() {}, info() {}, debug() {} };
const noValue = { none: true };
const visible = { timeout: 15_000, interval: 500 };

let worker: Started;
let reference: FlagdCore;

const definitions = {
  flags: {
    colour: {
      state: "ENABLED",
      variants: { red: { name: "red" }, blue: { name: "blue" } },
      defaultVariant: "red",
      targeting: { if: [{ "==": [{ var: "country" }, "DE"] }, "blue", null] },
      metadata: { team: "design" },
    },
    split: {
      state: "ENABLED",
      variants: { one: { n: 1 }, two: { n: 2 } },
      defaultVariant: "one",
      targeting: {
        fractional: [
          ["one", 50],
          ["two", 50],
        ],
      },
    },
    off: { state: "DISABLED", variants: { on: { n: 1 } }, defaultVariant: "on" },
    broken: {
      state: "ENABLED",
      variants: { on: { n: 1 } },
      defaultVariant: "on",
      targeting: { nonsense: [1] },
    },
  },
};

async function put(path: string, body: object): Promise<void> {
  const init = { method: "PUT", body: JSON.stringify(body) };
  const response = await control(worker, path, init);
  if (!response.ok) throw new Error(await response.text());
}

beforeAll(async () => {
  worker = await startAviary();
  await put("/flags.flagd.json", definitions);
  const patch = { browserMaxAgeS: 30 };
  await put("/flags/long-cache", { unit: "account", seed: "ofrep-seed", patch });
  const headers = { "if-match": '"1"' };
  const body = JSON.stringify({ sharePpm: 300_000 });
  await control(worker, "/flags/long-cache/ramp", { method: "POST", headers, body });
  reference = new FlagdCore(undefined, silent);
  reference.setConfigurations(await (await control(worker, "/flags.flagd.json")).text());
});

afterAll(async () => {
  await OpenFeature.close();
  await WebOpenFeature.close();
  await worker.stop();
});

const contexts = Array.from({ length: 60 }, (_, at) => ({
  targetingKey: `unit-${at}`,
  account: `account-${at}`,
  country: at % 2 === 0 ? "DE" : "FR",
}));

const keys = ["colour", "split", "off", "broken", "long-cache", "nowhere"];

/** What flagd says, in the words that every provider has. */
function expected(key: string, context: (typeof contexts)[number]) {
  const { value, variant, errorCode } = reference.resolve("object", key, noValue, context, silent);
  return { value, variant, errorCode };
}

describe("the server provider", () => {
  it("resolves every flag for every context as flagd does", async () => {
    const headers: [string, string][] = [["Authorization", `Bearer ${adminToken}`]];
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: worker.url, headers }));
    const client = OpenFeature.getClient();
    await expect
      .poll(async () => (await client.getObjectDetails("colour", noValue, {})).variant, visible)
      .toBe("red");
    for (const context of contexts) {
      for (const key of keys) {
        const details = await client.getObjectDetails(key, noValue as JsonValue, context);
        const { value, variant } = details;
        // This provider knows no answer without a value, and calls a disabled flag's an error.
        const errorCode = key === "off" ? undefined : details.errorCode;
        expect({ key, value, variant, errorCode }).toEqual({ key, ...expected(key, context) });
      }
    }
  });
});

describe("the web provider", () => {
  it("resolves every flag for a context, follows a change, and is answered 304 in between", async () => {
    const statuses: number[] = [];
    const fetchImplementation: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      statuses.push(response.status);
      return response;
    };
    const provider = new OFREPWebProvider({
      baseUrl: worker.url,
      headersFactory: async () => [["X-API-Key", adminToken]],
      fetchImplementation,
      pollInterval: 500,
    });
    const context = contexts[0] as (typeof contexts)[number];
    await WebOpenFeature.setContext(context);
    await WebOpenFeature.setProviderAndWait(provider as Provider);
    const client = WebOpenFeature.getClient();
    for (const key of keys) {
      const { value, variant } = client.getObjectDetails(key, noValue as JsonValue);
      const { errorCode: _code, ...details } = expected(key, context);
      expect({ key, value, variant }).toEqual({ key, ...details });
    }
    await expect.poll(() => statuses, visible).toContain(304);
    await put("/flags.flagd.json", {
      flags: { ...definitions.flags, split: { ...definitions.flags.split, targeting: {} } },
    });
    const other = contexts.find((each) => expected("split", each).variant === "two") ?? context;
    await WebOpenFeature.setContext(other);
    await expect.poll(() => client.getObjectDetails("split", noValue).variant, visible).toBe("one");
  });
});
