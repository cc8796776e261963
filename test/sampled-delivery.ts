// One delivery that becomes a wide event, and the request of a phone in Zurich.
import { vi } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import type { DeliverCall } from "#src/adapters/window-rpc.ts";
import type { Env } from "#src/services.ts";
import { newIsolate } from "./isolate.ts";

/** What Cloudflare adds to it. */
export const cf = {
  colo: "ZRH",
  country: "CH",
  asn: 13_030,
  continent: "EU",
  httpProtocol: "HTTP/3",
};
/** Its header fields. */
export const phone = {
  "user-agent":
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36",
  "accept-language": "de-CH, de;q=0.9",
  "accept-encoding": "br",
  "cf-connecting-ip": "203.0.113.9",
};

/** The event of a request that chance makes one. */
export async function sampledDelivery(
  path: string,
  headers: HeadersInit,
): Promise<WideEvent | undefined> {
  vi.spyOn(Math, "random").mockReturnValue(0);
  const calls: DeliverCall[] = [];
  const namespace = {
    idFromName: (name: string) => name,
    get: () => ({ deliver: async (call: DeliverCall) => void calls.push(call) }),
  };
  const isolate = newIsolate({ WINDOW: namespace as unknown as Env["WINDOW"] });
  await isolate.fetch(path, { headers, cf });
  return calls.flatMap(({ events }) => JSON.parse(events) as WideEvent[])[0];
}
