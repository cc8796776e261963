// The names of user agents under the day's key, remembered: hashing a hundred
// characters for every request costs more than deciding what it gets.
import { Lru } from "#base/lru.ts";
import { agentFrom, type AgentName, type SigningKey } from "#flags/signature.ts";

const mostAgents = 1_000;
// Longer ones are somebody's experiment, and not worth a place.
const longestAgent = 512;

export class Agents {
  #key: SigningKey | undefined;
  #known = new Lru<AgentName>(mostAgents);

  /** As `agentFrom`. */
  nameOf(userAgent: string, key: SigningKey): AgentName {
    if (key !== this.#key) {
      this.#key = key;
      this.#known = new Lru<AgentName>(mostAgents);
    }
    const known = this.#known.get(userAgent);
    if (known !== undefined) return known;
    const name = agentFrom(userAgent, key);
    if (userAgent.length <= longestAgent) this.#known.set(userAgent, name);
    return name;
  }
}
