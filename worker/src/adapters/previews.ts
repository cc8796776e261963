// `Aviary-Preview`: arms that staff want to see, signed by the control API.
import { Lru } from "#base/lru.ts";
import { parsePreview, type Preview } from "#flags/preview.ts";
import { verify } from "#flags/signature.ts";
import type { HeldSnapshot } from "./snapshots.ts";

const mostPreviews = 100;
const longestField = 1_024;
// Whatever was signed: who has left the company goes on seeing arms for a day at most.
const longestMs = 24 * 3_600_000;

type Asked = { readonly held: HeldSnapshot; readonly nowMs: number };

export class Previews {
  readonly #known = new Lru<Preview>(mostPreviews);

  /** What a field's value asks for; undefined where it is absent, forged or over. */
  read(value: string | null, { held, nowMs }: Asked): Preview | undefined {
    if (value === null || value.length > longestField) return undefined;
    const preview = this.#known.get(value) ?? this.#verified(value, held);
    if (preview === undefined || nowMs >= preview.expiresAtMs) return undefined;
    return preview.expiresAtMs - nowMs <= longestMs ? preview : undefined;
  }

  #verified(value: string, { keys }: HeldSnapshot): Preview | undefined {
    const text = verify(value, keys);
    const preview = text === undefined ? undefined : parsePreview(text);
    if (preview !== undefined) this.#known.set(value, preview);
    return preview;
  }
}
