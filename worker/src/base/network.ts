// The part of an address that its neighbours share: what a stranger cannot change for nothing.

/** An address's /24, or /48 where it is of IPv6, as far as the text of it goes. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address.slice(0, Math.max(0, address.lastIndexOf(".")));
  let groups = 0;
  for (let at = 0; at < address.length; at += 1) {
    if (address.charCodeAt(at) !== colon) continue;
    groups += 1;
    if (groups === 3 || address.charCodeAt(at + 1) === colon) return address.slice(0, at);
  }
  return address;
}

const colon = 58;
