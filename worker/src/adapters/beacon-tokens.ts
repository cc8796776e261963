// What the arms tokens of beacons say, in columns. Only a token that was signed here,
// for the snippet and its visitor, in a day's time and under a key that is still held, names arms; of any other it is
// noted that it did not hold, and nothing that it claims is believed.
import { Lru } from "#base/lru.ts";
import { agentKeyFrom, isBound, readArmsToken, unbound, type Holder } from "#flags/signature.ts";
import { hourOf, type Token } from "#flags/token.ts";
import type { Seen } from "#rum/columns.ts";
import type { Agents } from "./agents.ts";
import type { HeldSnapshot } from "./snapshots.ts";
import { ViewLimits } from "./view-limits.ts";

/** A page may be open for long: as long as keys live, and no longer. */
const maxAgeHours = 24;
const mostTokens = 4_096;

const notBelieved: Seen = { "delivery.token_ok": false };
/** Good, and somebody else's: a page that moved to another network, or a token that was collected. */
const notTheirs: Seen = { "delivery.token_ok": false, "delivery.token_bound": false };

/** Theirs, and more of them in a minute than one visitor or one network counts with. */
const tooMany: Seen = { "delivery.token_ok": false, "delivery.token_bound": true };

/** Who sent it, and to which snippet. */
type Sender = Holder & { readonly userAgent: string; readonly agents: Agents };

/** When, and by which snapshot. */
type Moment = { readonly held: HeldSnapshot; readonly nowMs: number };

export class BeaconTokens {
  readonly #limits = new ViewLimits();
  #held: HeldSnapshot | undefined;
  #hour = 0;
  #known = new Lru<Seen>(mostTokens);

  /** The token's columns; none where there is no token. */
  read(token: string | undefined, sender: Sender, { held, nowMs }: Moment): Seen {
    if (token === undefined) return {};
    this.#renew(held, hourOf(nowMs));
    const signed = unbound(token);
    const seen = this.#seenIn(signed, held, nowMs);
    if (seen === notBelieved) return notBelieved;
    const isQuiet = seen["delivery.bucket"] === undefined;
    if (!isTheirs({ token, isQuiet }, sender, held)) return notTheirs;
    return this.#limits.admits(sender, nowMs) ? seen : tooMany;
  }

  #seenIn(token: string, held: HeldSnapshot, nowMs: number): Seen {
    const known = this.#known.get(token);
    if (known !== undefined) return known;
    const policy = { nowMs, maxAgeHours, leastEpoch: 0 };
    const read = readArmsToken(token, held.keys, policy);
    // What did not hold is not kept: a sender of thousands must not push out the others.
    if (!read.ok) return notBelieved;
    const seen = columnsOf(read.value, held) ?? notBelieved;
    this.#known.set(token, seen);
    return seen;
  }

  /** What a token says is good for one snapshot and one hour. */
  #renew(held: HeldSnapshot, hour: number): void {
    if (held === this.#held && hour === this.#hour) return;
    this.#held = held;
    this.#hour = hour;
    this.#known = new Lru(mostTokens);
  }
}

// Of the keys that are held, yesterday's too: visitors have other names every day.
type Bound = { readonly token: string; readonly isQuiet: boolean };

function isTheirs({ token, isQuiet }: Bound, sender: Sender, { keys }: HeldSnapshot): boolean {
  const { agents, userAgent } = sender;
  if (isQuiet) {
    return keys.some(({ signing }) => isBound(token, signing, { ...sender, network: "" }));
  }
  // What is remembered of user agents is of the first key: deliveries need it.
  return keys.some((key, at) => {
    const agent = at === 0 ? agents.keyOf(userAgent, key) : agentKeyFrom(userAgent, key);
    return isBound(token, agent, sender);
  });
}

// A flag that is not known here is newer than the snapshot, and its arm is left out, or
// it was deleted: nobody can say any more what the token stood for.
function columnsOf({ epoch, arms, bucket }: Token, { snapshot }: HeldSnapshot): Seen | undefined {
  const named: Record<string, string> = {};
  let delayMs = 0;
  for (const { code, arm } of arms) {
    const rollout = snapshot.rollouts.find((each) => each.code === code);
    if (rollout === undefined && epoch <= snapshot.epoch) return undefined;
    if (rollout === undefined) continue;
    named[rollout.flag] = arm;
    if (arm === "canary") delayMs = Math.max(delayMs, rollout.patch.delayMs ?? 0);
  }
  return {
    "delivery.token_ok": true,
    "delivery.token_bound": true,
    "delivery.epoch": epoch,
    "delivery.arms": named,
    "delivery.arms_source": "token",
    // Who is in no arm says 0, whatever bucket they are in.
    ...(arms.length > 0 && { "delivery.bucket": bucket }),
    ...(delayMs > 0 && { "delivery.delay_ms": delayMs }),
  };
}
