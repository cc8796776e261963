// Who is no visitor, and where a request comes from: the same answer for a visitor's page
// view and for the delivery of its snippet.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { encodeBeacon } from "#rum/wire.ts";
import { publishBeacon, recorder } from "../beacons.ts";
import { newIsolate, publish } from "../isolate.ts";
import { fullEarly, fullLate } from "../rum/beacons.ts";
import { cf, phone, sampledDelivery } from "../sampled-delivery.ts";

beforeAll(async () => {
  await publish("/engines/2.1.0", "self.engine = 1;");
  await publishBeacon("1.4.0");
  await publish("/snippets/shop?account=acme&engine=2.1.0&beacon=1.4.0", "{}");
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("who is no visitor", () => {
  it.each([
    ["bot", "Googlebot/2.1 (+http://www.google.com/bot.html)"],
    [
      "bot",
      "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ],
    ["bot", "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"],
    ["bot", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"],
    ["bot", "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"],
    ["bot", "python-requests/2.32.3"],
    ["bot", "curl/8.14.1"],
    [
      "test",
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
    ],
    ["test", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/148.0.0.0 Chrome-Lighthouse"],
    [undefined, phone["user-agent"]],
    [
      undefined,
      "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36",
    ],
    [
      undefined,
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    ],
  ] as const)("is %s in page views and in deliveries alike: %s", async (type, userAgent) => {
    const headers = { ...phone, "user-agent": userAgent };
    const delivery = await sampledDelivery("/js/shop.js", headers);
    const { windows, received } = recorder();
    const body = encodeBeacon({ ...fullEarly, "beacon.webdriver": false });
    await newIsolate({}, { windows }).fetch("/t/shop", { method: "POST", body, headers, cf });
    expect(received[0]?.seen["user_agent.synthetic.type"]).toBe(type);
    expect(delivery?.["user_agent.synthetic.type"]).toBe(type);
    expect(delivery?.["delivery.client_kind"] === "bot").toBe(type === "bot");
  });

  it("does not change with the beacon, though late ones know of no driver", async () => {
    const headers = { ...phone, "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)" };
    const { windows, received } = recorder();
    const isolate = newIsolate({}, { windows });
    for (const said of [{ ...fullEarly, "beacon.webdriver": true }, fullLate]) {
      const init = { method: "POST", body: encodeBeacon(said), headers, cf };
      await isolate.fetch("/t/shop", init);
    }
    expect(received.map(({ seen }) => seen["user_agent.synthetic.type"])).toEqual(["bot", "bot"]);
  });

  it("is an SDK where a library asks for a datafile", async () => {
    await publish("/datafiles/key?account=acme", '{"revision":"1"}');
    const headers = { ...phone, "user-agent": "node-fetch/1.0" };
    const event = await sampledDelivery("/datafiles/key.json", headers);
    expect(event).toMatchObject({ "delivery.client_kind": "sdk", "service.name": "acme/key" });
    expect(event).not.toHaveProperty(["user_agent.synthetic.type"]);
  });

  it.each(["T1", "XX", "", 5])("comes from no country where the edge says %j", async (country) => {
    const { windows, received } = recorder();
    const init = { method: "POST", body: encodeBeacon(fullEarly), headers: phone };
    await newIsolate({}, { windows }).fetch("/t/shop", {
      ...init,
      cf: { ...cf, country } as never,
    });
    expect(received[0]?.seen).not.toHaveProperty(["geo.country.iso_code"]);
  });
});
