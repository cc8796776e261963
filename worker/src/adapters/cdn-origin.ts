// The origin that pages load from, as the operator names it. A script that was redirected to
// knows the URL that the page has, and not ours: only the operator can say where we are.
import type { Report } from "./report.ts";

/** As in `https://cdn.example.com`; empty where it is not set, or unusable and reported. */
export function cdnOriginFrom(text: string | undefined, report: Report): string {
  const named = (text ?? "").trim();
  if (named === "") return "";
  const url = URL.parse(named);
  if (url?.protocol === "https:" || url?.protocol === "http:") {
    // A path would be lost: better none than a wrong one.
    if (url.origin === named.replace(/\/$/, "").toLowerCase()) return url.origin;
  }
  report("environment_unusable", {
    problems: ["CDN_ORIGIN must be an origin, as in https://cdn.example.com"],
  });
  return "";
}
