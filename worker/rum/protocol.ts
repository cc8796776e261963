// The versions of HTTP by their names in ALPN, as pages have them in `nextHopProtocol`.

const names = new Map<unknown, string>([
  ["HTTP/1.0", "http/1.0"],
  ["HTTP/1.1", "http/1.1"],
  ["HTTP/2", "h2"],
  ["HTTP/3", "h3"],
]);

/**
 * The name of what `request.cf.httpProtocol` says; undefined for anything else.
 * https://www.iana.org/assignments/tls-extensiontype-values/#alpn-protocol-ids
 */
export function protocolOf(value: unknown): string | undefined {
  return names.get(value);
}
