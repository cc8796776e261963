// Signing keys as they leave the Registry for KV and the colo cache: encrypted under a secret of the
// Worker, so that who can read a store can sign nothing. Without a secret they do not leave at all.

/** Copies of a snapshot's text without its keys in clear. */
export type KeyWrap = {
  /** The text with its keys wrapped; with none where there is no secret. */
  readonly seal: (text: string, keys: readonly string[]) => Promise<string>;
  /** The text, and the keys that were wrapped in it; undefined where it was never sealed. */
  readonly open: (sealed: string) => Promise<Opened>;
};

export type Opened = { readonly text: string; readonly keys: readonly string[] | undefined };

const mark = "sealed1.";
const ivBytes = 12;
const info = new TextEncoder().encode("aviary signing keys 1");

/**
 * AES-GCM under keys that HKDF makes of the secrets. The first one wraps; all of them unwrap, so that
 * a secret is changed by keeping the former one behind it.
 */
export function createKeyWrap(secrets: readonly string[]): KeyWrap {
  const keys = secrets.map((secret) => once(() => keyFrom(secret)));
  // A text is read every few seconds, its keys change once a day.
  let known: { readonly wrapped: string; readonly keys: readonly string[] } | undefined;

  async function seal(text: string, plain: readonly string[]): Promise<string> {
    const field = `"signingKeys":${JSON.stringify(plain)}`;
    if (plain.length > 0 && !text.includes(field)) throw new Error("the keys are not in the text");
    const bare = text.replace(field, '"signingKeys":[]');
    const [key] = keys;
    if (key === undefined) return bare;
    if (known?.keys.join() !== plain.join()) {
      known = { wrapped: await wrap(plain.join(), await key()), keys: plain };
    }
    return `${mark}${known.wrapped}\n${bare}`;
  }

  async function open(sealed: string): Promise<Opened> {
    if (!sealed.startsWith(mark)) return { text: sealed, keys: undefined };
    const end = sealed.indexOf("\n");
    const wrapped = sealed.slice(mark.length, end);
    const text = sealed.slice(end + 1);
    if (known?.wrapped !== wrapped) known = { wrapped, keys: await unwrapWithAny(wrapped) };
    return { text, keys: known.keys };
  }

  async function unwrapWithAny(wrapped: string): Promise<readonly string[]> {
    for (const key of keys) {
      const plain = await unwrap(wrapped, await key());
      if (plain !== undefined) return plain === "" ? [] : plain.split(",");
    }
    throw new Error("no secret of this deployment opens the signing keys");
  }

  return { seal, open };
}

async function keyFrom(secret: string): Promise<CryptoKey> {
  const raw = new TextEncoder().encode(secret);
  const material = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info };
  const usage = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(derivation, material, usage, false, ["encrypt", "decrypt"]);
}

async function wrap(plain: string, key: CryptoKey): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const bytes = new TextEncoder().encode(plain);
  const encrypted = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes);
  return btoa(String.fromCharCode(...iv, ...new Uint8Array(encrypted)));
}

/** Undefined where another secret wrapped it, or somebody changed it. */
async function unwrap(wrapped: string, key: CryptoKey): Promise<string | undefined> {
  try {
    const bytes = Uint8Array.from(atob(wrapped), (each) => each.charCodeAt(0));
    const iv = bytes.subarray(0, ivBytes);
    const data = bytes.subarray(ivBytes);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data);
    return new TextDecoder().decode(plain);
  } catch {
    return undefined;
  }
}

/** The same promise every time. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
