// Events as lines of JSON to an address of the operator's own, signed as Standard
// Webhooks has it: whoever holds the secret can tell that they are ours, that they are
// recent, and by the id of the batch whether they came before.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { outcomeOf } from "./outcome.ts";
import { post, type PostDependencies } from "./post.ts";
import { batchId, type Sink, type SinkBatch, type SinkOutcome } from "./sink.ts";

export type WebhookConfig = {
  readonly name: string;
  readonly url: string;
  /** As `readWebhookSecret` returns it. */
  readonly key: Uint8Array<ArrayBuffer>;
};

/** The bytes of a secret `whsec_<base64>`; undefined for another text or under 24 bytes. */
export function readWebhookSecret(secret: string): Uint8Array<ArrayBuffer> | undefined {
  const [, base64 = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  let bytes: string;
  try {
    bytes = atob(base64);
  } catch {
    return undefined;
  }
  return bytes.length < 24 ? undefined : Uint8Array.from(bytes, (each) => each.charCodeAt(0));
}

/** A sink that posts batches; any 2xx takes one whole. */
export function webhookSink(config: WebhookConfig, dependencies: PostDependencies): Sink {
  const { name, url, key } = config;
  const hmac = { name: "HMAC", hash: "SHA-256" } as const;
  return { name, most: { events: 1_000, bytes: 1_000_000, ageMs: 1_000 }, send };

  async function send(batch: SinkBatch): Promise<SinkOutcome> {
    const body = batch.events.map(({ event }) => `${JSON.stringify(event)}\n`).join("");
    const id = batchId(batch);
    const timestamp = String(Math.floor(dependencies.now() / 1_000));
    const headers = {
      "content-type": "application/x-ndjson",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${await sign(`${id}.${timestamp}.${body}`)}`,
    };
    return outcomeOf(await post({ url, headers, body }, dependencies), batch.events);
  }

  async function sign(content: string): Promise<string> {
    const imported = await crypto.subtle.importKey("raw", key, hmac, false, ["sign"]);
    const bytes = await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(content));
    return btoa(String.fromCharCode(...new Uint8Array(bytes)));
  }
}
