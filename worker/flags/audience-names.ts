// What targeting can ask of a request: one list for the request path, for dry runs,
// and for docs/flags.md. Whoever adds a name adds it to all three.

/** What follows from the address, the identity and the agent that a dry run names besides. */
const derivedNames = ["kind", "account", "snippet", "sdkKey", "visitor", "userAgent"] as const;

/** What else a request says of itself: a dry run may name each. */
export const statedNames = [
  "request",
  "colo",
  "country",
  "continent",
  "asn",
  "httpProtocol",
  "site",
] as const;

/** Every name that an audience or a unit can ask a request for, and no other has a value. */
export const audienceNames = [...derivedNames, ...statedNames] as const;

export type AudienceName = (typeof audienceNames)[number];

/** A context with the members that have a value, and no others: `exists` tells the difference. */
export function definedMembers(values: { readonly [name in AudienceName]?: unknown }): {
  readonly [name: string]: unknown;
} {
  const defined: { [name: string]: unknown } = {};
  for (const name of audienceNames) {
    const { [name]: value } = values;
    if (value !== undefined) defined[name] = value;
  }
  return defined;
}
