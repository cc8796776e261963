// What the edge knows of any request, beacon or delivery, by the properties that
// Cloudflare adds to it: the same words for both.
import type { Seen } from "./columns.ts";

/** The columns of `request.cf`; each is absent where the edge cannot say. */
export function edgeColumns(properties: Readonly<Record<string, unknown>>): Seen {
  const { colo, country, asn } = properties;
  return {
    ...(typeof colo === "string" && { "edge.colo": colo }),
    ...(isCountry(country) && { "geo.country.iso_code": country }),
    ...(typeof asn === "number" && { "client.as.number": asn }),
  };
}

// Cloudflare says `T1` of Tor and `XX` of what it does not know; ISO 3166-1 has neither.
// https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-ipcountry
function isCountry(value: unknown): value is string {
  return typeof value === "string" && /^[A-Z]{2}$/.test(value) && value !== "XX";
}
