// Events as lines of JSON to an address of the operator's own, signed.
import { signWebhook } from "#src/adapters/webhook-signature.ts";
import { outcomeOf } from "./outcome.ts";
import { post, type PostDependencies } from "./post.ts";
import { batchId, type Sink, type SinkBatch, type SinkOutcome } from "./sink.ts";

export type WebhookConfig = {
  readonly name: string;
  readonly url: string;
  /** As `readWebhookSecret` returns it. */
  readonly key: Uint8Array<ArrayBuffer>;
};

/** A sink that posts batches; any 2xx takes one whole. */
export function webhookSink(config: WebhookConfig, dependencies: PostDependencies): Sink {
  const { name, url, key } = config;
  return { name, most: { events: 1_000, bytes: 1_000_000, ageMs: 1_000 }, send };

  async function send(batch: SinkBatch): Promise<SinkOutcome> {
    const body = batch.events.map(({ event }) => `${JSON.stringify(event)}\n`).join("");
    const signed = await signWebhook({ id: batchId(batch), nowMs: dependencies.now(), body }, key);
    const headers = { "content-type": "application/x-ndjson", ...signed };
    return outcomeOf(await post({ url, headers, body }, dependencies), batch.events);
  }
}
