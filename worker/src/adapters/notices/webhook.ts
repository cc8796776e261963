// A notice as JSON to an address of the operator's own, signed.
import type { PostDependencies } from "#src/adapters/sinks/post.ts";
import { signWebhook } from "#src/adapters/webhook-signature.ts";
import { jsonChannel, jsonHeaders, type Channel } from "./channel.ts";

export type WebhookConfig = {
  readonly url: string;
  /** As `readWebhookSecret` returns it. */
  readonly key: Uint8Array<ArrayBuffer>;
};

export function webhookChannel({ url, key }: WebhookConfig, deps: PostDependencies): Channel {
  return jsonChannel(
    "webhook",
    async ({ id, notice }) => {
      const body = JSON.stringify({
        type: `aviary.canary.${notice.kind}`,
        timestamp: new Date(notice.atMs).toISOString(),
        data: notice,
      });
      const signed = await signWebhook({ id, nowMs: deps.now(), body }, key);
      return { url, headers: { ...jsonHeaders, ...signed }, body };
    },
    deps,
  );
}
