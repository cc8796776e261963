// What user agents' lines say, remembered: parsing one costs more than all else that
// is done with a beacon.
import { Lru } from "#base/lru.ts";
import type { Seen } from "#rum/columns.ts";
import { longestUserAgent, userAgentColumns } from "#rum/user-agent.ts";

const mostLines = 2_000;

export class Senders {
  readonly #known = new Lru<Seen>(mostLines);

  /** As `userAgentColumns`. */
  columnsOf(userAgent: string): Seen {
    const line = userAgent.slice(0, longestUserAgent);
    const known = this.#known.get(line);
    if (known !== undefined) return known;
    const seen = userAgentColumns(line);
    this.#known.set(line, seen);
    return seen;
  }
}
