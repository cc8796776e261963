// A shop on an origin of its own: somebody else's page that loads our snippet.
import { serve } from "@hono/node-server";
import { AutoRouter } from "itty-router";
import { eventPage } from "./event-page.ts";
import { SeenEvents, type SeenEvent } from "./seen-events.ts";
import { shopPage } from "./shop-page.ts";

export type Shop = { readonly url: string };

/**
 * Serves the shop on loopback for as long as the process lives; rejects where the port is
 * taken. `tell` is told of the events that the Worker sends.
 */
export async function startShop(
  cdn: string,
  port: number,
  tell: (events: readonly SeenEvent[]) => void,
): Promise<Shop> {
  const router = AutoRouter();
  const html = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  router.get("/", () => new Response(shopPage(cdn), { headers: html }));
  // As a webhook of the Worker: what page views became, for the page and the terminal.
  const seen = new SeenEvents();
  const show = (lines: string): Response => {
    tell(seen.take(lines));
    return new Response(null, { status: 204 });
  };
  router.post("/events", (request: Request) => request.text().then(show));
  router.get("/events", () => seen.all());
  const lastView = async (): Promise<Response> =>
    new Response(await eventPage(seen.all()), { headers: html });
  router.get("/event", lastView);
  router.get("/favicon.ico", () => new Response(null, { status: 204 }));
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: router.fetch, port, hostname: "127.0.0.1" }, (address) => {
      resolve({ url: `http://localhost:${address.port}` });
    });
    server.on("error", reject);
  });
}
