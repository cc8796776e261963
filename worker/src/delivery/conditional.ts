// Conditional requests for GET and HEAD, RFC 9110 §13. What cannot be parsed is
// ignored, so that a malformed validator costs bytes and never freshness.

/** The validators of the selected representation. */
export type Validators = {
  /** Quoted entity tag, one for each content coding. */
  readonly etag: string;
  /** IMF-fixdate, as sent in `Last-Modified`. */
  readonly lastModified: string;
  /** The same moment in ms since the epoch, a whole second. */
  readonly lastModifiedMs: number;
  /**
   * Which date of a client says that it has the body: this or a `later` one; this very one
   * (`exact`, as nginx has it by default) where bodies take turns, and the later date of the
   * one says nothing of the other; `never` any where one date stands for several bodies.
   */
  readonly byDate: "later" | "exact" | "never";
};

/** The two request fields that decide, null where absent. */
export type Preconditions = {
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
};

/** True where the client's copy is current and a 304 is due. If-None-Match wins over the date. */
export function isNotModified(sent: Preconditions, current: Validators): boolean {
  if (sent.ifNoneMatch !== null) return matchesAny(sent.ifNoneMatch, current.etag);
  if (sent.ifModifiedSince === null || current.byDate === "never") return false;
  if (sent.ifModifiedSince === current.lastModified) return true;
  if (current.byDate === "exact") return false;
  const since = parseHttpDate(sent.ifModifiedSince);
  return since !== undefined && current.lastModifiedMs <= since;
}

// An entity tag may itself contain commas, so a list is scanned, not split.
const entityTag = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/y;

/** Weak comparison of `etag` with a list of entity tags or `*`. */
function matchesAny(list: string, etag: string): boolean {
  if (list === etag) return true;
  if (list.trim() === "*") return true;
  const wanted = etag.startsWith("W/") ? etag.slice(2) : etag;
  let at = 0;
  while (at < list.length) {
    if (/[\s,]/.test(list.charAt(at))) {
      at += 1;
      continue;
    }
    entityTag.lastIndex = at;
    const found = entityTag.exec(list);
    if (found === null) return false;
    if (found[1] === wanted) return true;
    at = entityTag.lastIndex;
  }
  return false;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const imfFixdate = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const rfc850Date = /^\w{6,9}, (\d{2})-(\w{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const asctimeDate = /^\w{3} (\w{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/** Ms since the epoch of an HTTP-date in any of its three forms; undefined where it is none. */
export function parseHttpDate(text: string): number | undefined {
  const fixed = imfFixdate.exec(text);
  if (fixed) return utc([fixed[3], fixed[2], fixed[1], fixed[4], fixed[5], fixed[6]]);
  const old = rfc850Date.exec(text);
  // Two-digit years lie in 1970–2069.
  if (old) {
    const year = Number(old[3]) < 70 ? `20${old[3]}` : `19${old[3]}`;
    return utc([year, old[2], old[1], old[4], old[5], old[6]]);
  }
  const c = asctimeDate.exec(text);
  if (c) return utc([c[6], c[1], c[2], c[3], c[4], c[5]]);
  return undefined;
}

function utc(parts: readonly (string | undefined)[]): number | undefined {
  const month = months.indexOf(parts[1] ?? "");
  const [year = 0, , day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (month < 0 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined;
  const at = Date.UTC(year, month, day, hour, minute, second);
  // 31 February would roll over into March.
  return new Date(at).getUTCDate() === day || second === 60 ? at : undefined;
}
