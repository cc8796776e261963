// Who is no visitor: robots and probes, by what they say of themselves, by what Cloudflare
// says of them, and by the network that they come from. The same test for deliveries and
// for page views, so that neither is held against the other.
import type { Seen } from "./columns.ts";

// Networks whose addresses are rented by the hour. Those that people's own traffic leaves
// through (Cloudflare, Akamai and Fastly relay iPhones') are not among them.
const hosting: ReadonlySet<unknown> = new Set([
  16_509,
  14_618,
  8_987, // Amazon
  396_982, // Google Cloud
  8_075,
  8_068, // Microsoft
  14_061, // DigitalOcean
  63_949, // Linode
  16_276, // OVH
  24_940,
  213_230, // Hetzner
  20_473, // Vultr
  31_898, // Oracle
  45_102,
  37_963, // Alibaba
  132_203,
  45_090, // Tencent
  12_876, // Scaleway
  51_167, // Contabo
  60_781,
  28_753, // Leaseweb
]);

/** Whether addresses of that network (its AS number) are rented by the hour. */
export function isHosting(network: unknown): boolean {
  return hosting.has(network);
}

type Properties = Readonly<Record<string, unknown>>;

/** `bot` where Cloudflare has verified that the sender is one. */
export function verifiedBotColumn(properties: Properties | undefined): Seen {
  return isVerifiedBot(properties) ? { "user_agent.synthetic.type": "bot" } : {};
}

function isVerifiedBot({ verifiedBotCategory, botManagement }: Properties = {}): boolean {
  if (typeof verifiedBotCategory === "string" && verifiedBotCategory !== "") return true;
  const managed = botManagement as { readonly verifiedBot?: unknown } | null | undefined;
  return managed?.verifiedBot === true;
}

/** Whether a request is a program's, by its sender's columns and by `request.cf`. */
export function isAutomated(sender: Seen, properties: Properties | undefined): boolean {
  return (
    sender["user_agent.synthetic.type"] !== undefined ||
    isVerifiedBot(properties) ||
    isHosting(properties?.["asn"])
  );
}
