// Proactive content negotiation on Accept-Encoding, RFC 9110 §12.5.3.
// Never answers with a coding that the client refused.
import type { Encoding } from "#flags/parameters.ts";

const maxFieldLength = 1_024;
const qvalue = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * The coding to answer with: the offered one that the client likes best, ties
 * going to the one offered first.
 *
 * @param acceptEncoding the field's value; null where the client sent none, which
 *   is answered with identity although the RFC would allow any coding: clients
 *   that say nothing are seldom able to decode anything.
 * @param offered codings that exist for this representation, most preferred first.
 * @returns undefined where every offered coding is refused: a 406.
 */
export function negotiateEncoding(
  acceptEncoding: string | null,
  offered: readonly Encoding[],
): Encoding | undefined {
  const weights = parseWeights(acceptEncoding ?? "");
  let best: Encoding | undefined;
  let bestWeight = 0;
  for (const encoding of offered) {
    const weight = weightOf(encoding, weights);
    if (weight > bestWeight) {
      best = encoding;
      bestWeight = weight;
    }
  }
  return best;
}

// Identity that is not mentioned is acceptable, but liked less than anything
// that is; the smallest q-value a client can write is 0.001.
const unmentionedIdentity = 0.0005;

function weightOf(encoding: Encoding, weights: ReadonlyMap<string, number>): number {
  const own = weights.get(encoding);
  if (own !== undefined) return own;
  const any = weights.get("*");
  if (encoding === "identity") return any === 0 ? 0 : unmentionedIdentity;
  return any ?? 0;
}

/** Coding → weight, lower case. Of a coding named twice, the lower weight counts. */
function parseWeights(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of field.slice(0, maxFieldLength).toLowerCase().split(",")) {
    const [name = "", ...parameters] = member.split(";").map((part) => part.trim());
    const coding = name === "x-gzip" ? "gzip" : name;
    if (coding === "") continue;
    const weight = weightFrom(parameters);
    weights.set(coding, Math.min(weight, weights.get(coding) ?? 1));
  }
  return weights;
}

/** A weight that cannot be read refuses its coding: better plain than undecodable. */
function weightFrom(parameters: readonly string[]): number {
  if (parameters.length === 0) return 1;
  const [parameter = ""] = parameters;
  if (parameters.length > 1 || !parameter.startsWith("q=")) return 0;
  const value = parameter.slice(2);
  return qvalue.test(value) ? Number(value) : 0;
}
