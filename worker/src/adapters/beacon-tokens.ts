// What the arms tokens of beacons say, in columns. Only a token that was signed here,
// in a day's time and under a key that is still held names arms; of any other it is
// noted that it did not hold, and nothing that it claims is believed.
import { Lru } from "#base/lru.ts";
import { readArmsToken } from "#flags/signature.ts";
import { hourOf, type Token } from "#flags/token.ts";
import type { Seen } from "#rum/columns.ts";
import type { HeldSnapshot } from "./snapshots.ts";

/** A page may be open for long: as long as keys live, and no longer. */
const maxAgeHours = 24;
const mostTokens = 4_096;

const notBelieved: Seen = { "delivery.token_ok": false };

export class BeaconTokens {
  #held: HeldSnapshot | undefined;
  #hour = 0;
  #known = new Lru<Seen>(mostTokens);

  /** The token's columns; none where there is no token. */
  read(token: string | undefined, held: HeldSnapshot, nowMs: number): Seen {
    if (token === undefined) return {};
    this.#renew(held, hourOf(nowMs));
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
    "delivery.epoch": epoch,
    "delivery.arms": named,
    "delivery.arms_source": "token",
    // Who is in no arm says 0, whatever bucket they are in.
    ...(arms.length > 0 && { "delivery.bucket": bucket }),
    ...(delayMs > 0 && { "delivery.delay_ms": delayMs }),
  };
}
