// A beacon has no say in what its snippet was served with.
import { beforeAll, describe, expect, it } from "vitest";
import { encodeBeacon } from "#rum/wire.ts";
import { publishBeacon, recorder } from "../beacons.ts";
import { newIsolate, publish } from "../isolate.ts";
import { fullEarly, fullLate, type SaidBeacon } from "../rum/beacons.ts";
import { cf, phone } from "../sampled-delivery.ts";

beforeAll(async () => {
  await publish("/engines/2.1.0", "self.engine = 1;");
  await publishBeacon("1.4.0");
  await publish("/snippets/shop?account=acme&engine=2.1.0&beacon=1.4.0", "{}");
});

async function taken(said: SaidBeacon, headers: Record<string, string> = {}) {
  const { windows, received } = recorder();
  const init = { method: "POST", body: encodeBeacon(said), headers: { ...phone, ...headers }, cf };
  expect((await newIsolate({}, { windows }).fetch("/t/shop", init)).status).toBe(204);
  return received[0];
}

describe("a beacon's claims", () => {
  it.each([9, 11, 1_000_000])(
    "do not make one view stand for %i where its snippet has another rate",
    async (rate) => {
      const beacon = await taken({ ...fullEarly, "pv.sample_rate": rate });
      expect(beacon?.said).not.toHaveProperty(["pv.sample_rate"]);
      expect(beacon?.dropped).toEqual(["pv.sample_rate"]);
    },
  );

  it.each([1, 10])("keep the rate %i that it was served with", async (rate) => {
    const beacon = await taken({ ...fullEarly, "pv.sample_rate": rate });
    expect(beacon?.said["pv.sample_rate"]).toBe(rate);
  });

  it("keep no session under Global Privacy Control, said by the page or by the request", async () => {
    const page = await taken({ ...fullEarly, "privacy.gpc": true });
    const request = await taken(fullLate, { "sec-gpc": "1" });
    for (const beacon of [page, request]) {
      expect(beacon?.said).not.toHaveProperty(["session.id"]);
      expect(beacon?.dropped).toEqual(["session.id"]);
    }
    expect((await taken(fullEarly))?.said["session.id"]).toBe(fullEarly["session.id"]);
  });
});
