// Synthetic visitors: when each of their beacons is sent, and with what. A mix of
// browsers and dwell times; some pages crash, some beacons are lost, come twice or
// overtake one another.
import type { encodeBeacon } from "#rum/wire.ts";
import { fullEarly, fullLate } from "../rum/beacons.ts";
import { seeded } from "../stats/seeded.ts";

/** One visitor's page: who loads it, and when it begins. */
export type View = {
  readonly startMs: number;
  readonly address: string;
  readonly userAgent: string;
};

/** One beacon of a page, without the token that the page gets with the script. */
export type Sending = { readonly atMs: number; readonly view: View; readonly said: Said };
type Said = Parameters<typeof encodeBeacon>[0];

const browsers = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 26_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0",
] as const;

const crashRate = 0.04;
const lossRate = 0.03;
const duplicateRate = 0.05;
const overtakeRate = 0.02;
const longestDwellMs = 25_000;

/** What `views` visitors send within about `spreadMs` and their dwell times, in the order of time. */
export function visitorsOf(
  views: number,
  { spreadMs, seed }: { spreadMs: number; seed: number },
): readonly Sending[] {
  const random = seeded(seed);
  const sendings: Sending[] = [];
  for (let view = 0; view < views; view += 1) {
    const startMs = random() * spreadMs;
    const userAgent = browsers[Math.floor(random() * browsers.length)] ?? browsers[0];
    const address = ["10", ...Array.from({ length: 3 }, () => Math.floor(256 * random()))].join(
      ".",
    );
    const from = { startMs, address, userAgent };
    const id = Array.from({ length: 4 }, () => hex(random)).join("");
    const clock = Date.now() + startMs;
    const early = { ...untold(fullEarly), "pv.id": id, "client.clock": clock };
    // Most people leave soon.
    const dwellMs = Math.min(longestDwellMs, -5_000 * Math.log(1 - random()));
    const lateAt = { "client.clock": clock + dwellMs, "page.end_at": dwellMs };
    const late = { ...untold(fullLate), "pv.id": id, ...lateAt, "page.visible_ms": dwellMs };
    const hasCrashed = random() < crashRate;
    const hasOvertaken = random() < overtakeRate;
    const times = hasOvertaken ? [startMs + dwellMs, startMs] : [startMs, startMs + dwellMs];
    for (const [at, said] of [early, late].entries()) {
      if (random() < lossRate || (at === 1 && hasCrashed)) continue;
      const atMs = times[at] ?? startMs;
      sendings.push({ atMs, view: from, said });
      if (random() < duplicateRate) {
        sendings.push({ atMs: atMs + random() * 2_000, view: from, said });
      }
    }
  }
  return sendings.toSorted((left, right) => left.atMs - right.atMs);
}

/** Without the token that stands in for one in tests: the page has its own, or none. */
function untold({ "beacon.token": _token, ...said }: Said): Said {
  return said;
}

function hex(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
