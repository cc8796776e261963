// Text without the secrets of tokens that somebody typed into it, in the wrong place.

// The id tells which token it was, and opens nothing. Of one that is torn, all goes.
const whole = /avy_([a-z0-9]{12})_[A-Za-z0-9_-]+/g;
const torn = /avy_(?![a-z0-9]{12}_…)[A-Za-z0-9_-]{12,}/g;

/** `text` with every control API token in it cut down to its id. */
export function redacted(text: string): string {
  if (!text.includes("avy_")) return text;
  return text.replaceAll(whole, "avy_$1_…").replaceAll(torn, "avy_…");
}
