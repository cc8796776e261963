// How long caches may keep an answer. A public answer always names its stale
// allowances: without `stale-if-error=0` some caches serve stale for ever.
import type { DeliveryParameters } from "#flags/parameters.ts";

/** Who may keep an answer: everybody, the client alone, everybody for ever, or nobody. */
export type Visibility = "public" | "private" | "immutable" | "preview";

/** Seconds for which caches may remember that an id is unknown. */
export const unknownMaxAgeS = 30;

/** The `Cache-Control` value for one delivery. */
export function cacheControl(parameters: DeliveryParameters, visibility: Visibility): string {
  switch (visibility) {
    case "immutable":
      return "public, max-age=31536000, immutable";
    case "preview":
      return "private, no-store";
    case "private":
      return `private, max-age=${parameters.browserMaxAgeS}`;
    case "public":
      return [
        "public",
        `max-age=${parameters.browserMaxAgeS}`,
        `stale-while-revalidate=${parameters.staleWhileRevalidateS}`,
        `stale-if-error=${parameters.staleIfErrorS}`,
      ].join(", ");
  }
}
