// Stands where an operator's webhook does: takes batches of events over HTTP, checks
// their signature, and keeps for each event how often and when it came.
import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Router, status, type IRequest } from "itty-router";

/** One event at one sink. */
export type Delivered = {
  copies: number;
  readonly atMs: number;
  /** Digest of its text, so that copies can be compared. */
  readonly digest: string;
  readonly event: Readonly<Record<string, unknown>>;
  differs: boolean;
};

export type Receiver = {
  readonly url: string;
  /** By sink and event id. */
  readonly sinks: ReadonlyMap<string, ReadonlyMap<string, Delivered>>;
  readonly stop: () => Promise<void>;
};

/** Starts one at `/hooks/<sink>` for any name of a sink. */
export async function startReceiver(key: Buffer): Promise<Receiver> {
  const sinks = new Map<string, Map<string, Delivered>>();

  const take = (name: string, headers: Headers, body: string): Response => {
    const [id, timestamp] = [headers.get("webhook-id"), headers.get("webhook-timestamp")];
    const signed = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
    if (headers.get("webhook-signature") !== `v1,${signed}`) return status(401);
    const events = sinks.get(name) ?? new Map<string, Delivered>();
    sinks.set(name, events);
    for (const line of body.split("\n")) if (line !== "") note(events, line);
    return status(204);
  };
  const router = Router<IRequest, [body: string]>();
  router.post("/hooks/:sink", ({ params, headers }, body) =>
    take(String(params["sink"]), headers, body),
  );
  router.all("*", () => status(404));

  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await text(request);
      const init = { method: request.method ?? "", headers: request.headers as HeadersInit };
      const asked = new Request(`http://receiver${request.url ?? ""}`, init);
      const answered = (await router.fetch(asked, body)) as Response;
      response.writeHead(answered.status).end();
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    sinks,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function note(events: Map<string, Delivered>, line: string): void {
  const event = JSON.parse(line) as Record<string, unknown>;
  const id = String(event["event.id"]);
  const digest = createHash("sha256").update(line).digest("base64");
  const known = events.get(id);
  if (known === undefined) {
    events.set(id, { copies: 1, atMs: Date.now(), digest, event, differs: false });
    return;
  }
  known.copies += 1;
  known.differs ||= known.digest !== digest;
}
