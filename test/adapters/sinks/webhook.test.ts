import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { webhookSink } from "#src/adapters/sinks/webhook.ts";
import { readWebhookSecret } from "#src/adapters/webhook-signature.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { dependencies, itBearsBadDays } from "./bad-days.ts";
import { batchOf, pageView } from "./events.ts";
import { standIn, type Asked, type StandIn } from "./stand-in.ts";

const secret = `whsec_${Buffer.from("a secret of thirty-two characters").toString("base64")}`;

type Receiver = { readonly server: StandIn; readonly sink: Sink; readonly ids: readonly string[] };

/** A receiver that verifies as the reference implementation does, and reads lines of JSON. */
async function receiver(): Promise<Receiver> {
  const ids: string[] = [];
  const verifier = new Webhook(secret);
  const server = await standIn(({ headers, body }: Asked) => {
    const text = body.toString();
    try {
      verifier.verify(text, headers);
    } catch (error) {
      // It would parse the body as one JSON text once the signature held.
      if (!(error instanceof SyntaxError)) return { status: 401, body: String(error) };
    }
    if (!text.endsWith("\n")) return { status: 400 };
    const rows = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { "event.id": string });
    ids.push(...rows.map((row) => row["event.id"]));
    return { status: 204 };
  });
  return { server, sink: sinkFor(server, secret, { ...dependencies, now: Date.now }), ids };
}

function sinkFor({ url }: StandIn, text: string, own = dependencies): Sink {
  const key = readWebhookSecret(text);
  if (key === undefined) throw new Error("the secret is unusable");
  return webhookSink({ name: "hook", url, key }, own);
}

afterEach(() => {
  vi.useRealTimers();
});

describe("the webhook sink", () => {
  itBearsBadDays({
    start: async (own) => {
      const { server, ids } = await receiver();
      // Signatures are good for five minutes, and the sinks' clock stands still.
      vi.useFakeTimers({ toFake: ["Date"], now: own.now() });
      return { server, sink: sinkFor(server, secret, own), received: () => ids };
    },
  });

  it("signs so that Standard Webhooks' own library accepts it, and sends a line for each event", async () => {
    const { server, sink, ids } = await receiver();
    expect(await sink.send(batchOf(3))).toEqual({ outcome: "taken", retry: [], refused: [] });
    expect(ids).toEqual([1, 2, 3].map((each) => pageView(each)["event.id"]));
    expect(server.asked[0]?.headers["content-type"]).toBe("application/x-ndjson");
  });

  it("names a batch by what is in it, so that a repeat has the name of the first", async () => {
    const { server, sink } = await receiver();
    await sink.send(batchOf(3));
    await sink.send(batchOf(3));
    await sink.send(batchOf(2, 4));
    const names = server.asked.map(({ headers }) => headers["webhook-id"]);
    expect(names).toEqual(["s7-1-3", "s7-1-3", "s7-4-5"]);
  });

  it("is turned away with another secret, and keeps the events", async () => {
    const { server } = await receiver();
    const other = `whsec_${Buffer.from("b".repeat(24)).toString("base64")}`;
    const outcome = await sinkFor(server, other).send(batchOf(1));
    expect(outcome).toMatchObject({ outcome: "failed" });
  });

  it.each(["", "whsec_", "whsec_c2hvcnQ=", "hunter2", "whsec_!!!!"])(
    "takes no secret like %j",
    (text) => {
      expect(readWebhookSecret(text)).toBeUndefined();
    },
  );
});
