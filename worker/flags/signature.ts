// Signs what leaves for the browser and must come back as it was, and names
// visitors without keeping who they are. Both with keys that change daily.
import { err, ok, type Result } from "#base/result.ts";
import { sipHash, type Sip64, type SipKey } from "#base/siphash.ts";
import {
  checkToken,
  parseToken,
  visitorBuckets,
  type Token,
  type TokenError,
  type TokenPolicy,
} from "./token.ts";

/** One day's keys. */
export type SigningKey = {
  /** For tokens and previews. */
  readonly signing: SipKey;
  /** For the names of visitors. */
  readonly visitors: SipKey;
};

/** Reads a key as snapshots carry it: 32 bytes in hexadecimal, half for each use. */
export function signingKeyFrom(hex: string): SigningKey {
  return { signing: sipKeyFrom(hex.slice(0, 32)), visitors: sipKeyFrom(hex.slice(32)) };
}

function sipKeyFrom(hex: string): SipKey {
  const word = (at: number): number => Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

/** `<text>.<signature>`, the signature being 64 bits in eleven characters. */
export function sign(text: string, key: SigningKey): string {
  return `${text}.${inCharacters(sipHash(key.signing, text))}`;
}

/** The text that was signed with one of the keys; undefined for what was not. */
export function verify(signed: string, keys: readonly SigningKey[]): string | undefined {
  const end = signed.lastIndexOf(".");
  const text = signed.slice(0, Math.max(end, 0));
  for (const key of keys) if (isSame(sign(text, key), signed)) return text;
  return undefined;
}

/** Takes the same time wherever two texts of one length differ. */
function isSame(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at += 1) {
    difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  }
  return difference === 0;
}

/** A visitor: a number that is the same all day for the same address and user agent. */
export type Visitor = {
  readonly id: string;
  readonly bucket: number;
  readonly hash: number;
  readonly agent: AgentKey;
};

/** The key that names the visitors of one user agent. */
export type AgentKey = SipKey & { readonly __brand: "AgentKey" };

/** A user agent's key. Few agents bring nearly all requests, so that keys are worth remembering. */
export function agentKeyFrom(userAgent: string, { visitors }: SigningKey): AgentKey {
  const first = sipHash(visitors, `0 ${userAgent}`);
  const [k0, k1] = [first[0], first[1]];
  const second = sipHash(visitors, `1 ${userAgent}`);
  const key: SipKey = [k0, k1, second[0], second[1]];
  return key as AgentKey;
}

/** Names the visitor behind a client's address and user agent, neither of which can be told from it. */
export function visitorFrom(address: string, agent: AgentKey): Visitor {
  const hash = sipHash(agent, address);
  return { id: inCharacters(hash), bucket: hash[1] % visitorBuckets, hash: hash[0] | 0, agent };
}

const alphabet = Uint8Array.from(
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_",
  (each) => each.charCodeAt(0),
);

/** 64 bits as eleven characters of six each: every request does this twice. */
function inCharacters({ 0: high, 1: low }: Sip64): string {
  return String.fromCharCode(
    character(low),
    character(low >>> 6),
    character(low >>> 12),
    character(low >>> 18),
    character(low >>> 24),
    character((low >>> 30) | (high << 2)),
    character(high >>> 4),
    character(high >>> 10),
    character(high >>> 16),
    character(high >>> 22),
    character(high >>> 28),
  );
}

function character(bits: number): number {
  return alphabet[bits & 63] as number;
}

/** Whom and what a token is for. */
export type Holder = {
  readonly snippet: string;
  readonly account: string;
  /** Of the visitor's address, what its neighbours share. */
  readonly network: string;
};

const markLength = 11;

/**
 * The token with a mark of whom it was made for: it is worth nothing to another user agent, on
 * another network or on another snippet. One that names no arm is bound to its snippet alone.
 */
export function bindToken(signed: string, key: SipKey, holder: Holder): string {
  return `${signed}.${markOfHolder(signed, key, holder)}`;
}

function markOfHolder(signed: string, key: SipKey, holder: Holder): string {
  const { snippet, account, network } = holder;
  // The signature stands for all of the token's text.
  const of = `${network} ${snippet} ${account} ${signed.slice(-markLength)}`;
  return inCharacters(sipHash(key, of));
}

/** The signed token without its mark. */
export function unbound(token: string): string {
  return token.slice(0, Math.max(0, token.length - markLength - 1));
}

/** Whether a token was bound to the holder with that key. */
export function isBound(token: string, key: SipKey, holder: Holder): boolean {
  return isSame(bindToken(unbound(token), key, holder), token);
}

type ArmsTokenError = TokenError | { readonly reason: "forged_token" };

/** What an arms token says, if it was given by us and not too long ago. */
export function readArmsToken(
  signed: string,
  keys: readonly SigningKey[],
  policy: TokenPolicy,
): Result<Token, ArmsTokenError> {
  // Longer than any token with its signature: not worth hashing.
  if (signed.length > 512) return err({ reason: "malformed_token" });
  const text = verify(signed, keys);
  if (text === undefined) return err({ reason: "forged_token" });
  const token = parseToken(text);
  if (!token.ok) return token;
  const checked = checkToken(token.value, policy);
  return checked.ok ? ok(token.value) : checked;
}
