// Signs what is posted to an address of the operator's own, as Standard Webhooks has it:
// whoever holds the secret can tell that it is ours, that it is recent, and by its id whether
// it came before.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

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

export type Signable = {
  /** The same for the same message, however often it is sent. */
  readonly id: string;
  readonly nowMs: number;
  readonly body: string;
};

/** The header fields that sign a message. */
export async function signWebhook(
  { id, nowMs, body }: Signable,
  key: Uint8Array<ArrayBuffer>,
): Promise<Readonly<Record<string, string>>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const hmac = { name: "HMAC", hash: "SHA-256" } as const;
  const imported = await crypto.subtle.importKey("raw", key, hmac, false, ["sign"]);
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", imported, content));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${btoa(String.fromCharCode(...bytes))}`,
  };
}
