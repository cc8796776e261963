// The keys of user agents under the day's key, remembered: hashing a hundred
// characters for every request costs more than deciding what it gets.
import { Lru } from "#base/lru.ts";
import { agentKeyFrom, type AgentKey, type SigningKey } from "#flags/signature.ts";

const mostAgents = 1_000;
// Longer ones are somebody's experiment, and not worth a place.
const longestAgent = 512;

export class Agents {
  #key: SigningKey | undefined;
  #known = new Lru<AgentKey>(mostAgents);

  /** As `agentKeyFrom`. */
  keyOf(userAgent: string, key: SigningKey): AgentKey {
    if (key !== this.#key) {
      this.#key = key;
      this.#known = new Lru<AgentKey>(mostAgents);
    }
    const known = this.#known.get(userAgent);
    if (known !== undefined) return known;
    const made = agentKeyFrom(userAgent, key);
    if (userAgent.length <= longestAgent) this.#known.set(userAgent, made);
    return made;
  }
}
