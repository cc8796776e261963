// Which response headers a flag may add. A kill holds within ten seconds only if browsers and
// caches have kept nothing of the flag by then: what outlives the answer that carried it is
// refused, and so is what sends a browser to somebody else's host.

/** Longest age, in s, for which a shared cache may keep an answer that a flag has touched. */
const mostSharedAgeS = 60;

const outlives = "a kill cannot take it back, so it is no delivery parameter";

/** Of each field that a flag may set, what is wrong with a value; undefined for a good one. */
const allowed: Readonly<Record<string, (value: string) => string | undefined>> = {
  "cdn-cache-control": sharedAgeFault,
  link: linkFault,
  priority: () => undefined,
  "x-aviary-experiment": () => undefined,
};

/** Fields that browsers or caches go on obeying after the answer, with what they keep of each. */
const kept: Readonly<Record<string, string>> = {
  "accept-ch": "browsers keep it for the origin",
  "alt-svc": "browsers keep the other host for as long as it says",
  "cache-control": "caches keep the answer for as long as it says; set browserMaxAgeS instead",
  "clear-site-data": "browsers delete what cannot be restored",
  "content-security-policy": "what it forbids in a kept answer stays forbidden",
  "content-security-policy-report-only": "browsers send reports to whom it names",
  "critical-ch": "browsers keep it for the origin",
  "document-policy": "what it forbids in a kept answer stays forbidden",
  expires: "caches keep the answer for as long as it says; set browserMaxAgeS instead",
  nel: "browsers keep it for as long as it says, and report every request to whom it names",
  "observe-browsing-topics": "browsers remember the visit",
  "origin-agent-cluster": "browsers keep it for the origin",
  "public-key-pins": "browsers keep the pins for as long as it says",
  "report-to": "browsers keep it for as long as it says, and send reports to whom it names",
  "reporting-endpoints": "browsers send reports to whom it names",
  "service-worker-allowed": "a service worker that it lets in stays",
  "set-cookie": "browsers keep the cookie",
  "speculation-rules": "browsers fetch pages on its word",
  "strict-transport-security": "browsers keep it for as long as it says",
  "surrogate-control": "caches keep the answer for as long as it says",
  "use-as-dictionary": "browsers keep the answer as a dictionary",
};

/** Why a flag may not set a field to `value`; undefined where it may. */
export function headerFault(name: string, value: string): string | undefined {
  const check = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
  if (check !== undefined) return check(value);
  const reason = Object.hasOwn(kept, name) ? kept[name] : undefined;
  if (reason !== undefined) return `is refused: ${reason}, and ${outlives}`;
  return `is not on the allow-list: ${Object.keys(allowed).join(", ")}`;
}

const simpleDirectives = new Set(["no-store", "no-cache", "private", "must-revalidate"]);

/** RFC 9213 §3.1, whose field is a structured one: neither quotes nor empty members. */
function sharedAgeFault(value: string): string | undefined {
  for (const directive of value.split(",").map((each) => each.trim().toLowerCase())) {
    const age = /^(?:max-age|s-maxage)=(\d{1,10})$/.exec(directive)?.[1];
    const isGood =
      age === undefined ? simpleDirectives.has(directive) : Number(age) <= mostSharedAgeS;
    if (!isGood) {
      return `may say ${[...simpleDirectives].join(", ")}, and max-age or s-maxage up to ${mostSharedAgeS}: what a shared cache keeps longer, a kill cannot take back`;
    }
  }
  return undefined;
}

// A target is a path of the host that answers; `rel` is of those that outlive nothing, and none of
// the other parameters can name a host, as `anchor` and `imagesrcset` can.
const quotable = String.raw`(?:[\w./+-]+|"[\w ./+=-]*")`;
const linkParameter = String.raw`(?:as|type|crossorigin|fetchpriority|media|integrity|nopush)(?:=${quotable})?`;
const relation = String.raw`rel=(?:"(?:preload|modulepreload|prefetch)"|(?:preload|modulepreload|prefetch))`;
const oneLink = String.raw`<\/(?![/\\])[^<>\\\s]*>(?:\s*;\s*${linkParameter})*\s*;\s*${relation}(?:\s*;\s*${linkParameter})*`;
const links = new RegExp(String.raw`^${oneLink}(?:\s*,\s*${oneLink})*$`, "i");

/** RFC 8288, of which only a hint at something on the same host is let through. */
function linkFault(value: string): string | undefined {
  if (links.test(value)) return undefined;
  return `may hint at paths of this host alone, as in </js/demo.js>; rel=preload; as=script: what a browser was sent to elsewhere, a kill cannot take back`;
}
