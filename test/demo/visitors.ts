// Visitors that are not there: each has an address and a browser of its own, loads the
// snippet over HTTP, reads its arms from Server-Timing as a page would, and sends the two
// beacons of its view. What a page measures, the caller makes up.
import type { Said } from "#rum/columns.ts";
import type { Timing } from "#rum/columns/carried.ts";
import { wireVersion } from "#rum/wire-version.ts";
import { encodeBeacon } from "#rum/wire.ts";
import { seeded } from "../stats/seeded.ts";

/** The arms that the edge gave, by the flag's code. */
export type GivenArms = ReadonlyMap<string, "canary" | "control">;

/** What a page measures, and which of its beacons it sends. */
export type Page = {
  readonly early?: Said;
  readonly late?: Said;
  /** Beacons sent; both unless said. */
  readonly sends?: "both" | "early" | "none";
  /** How many others of the same arms load the snippet too, and send nothing; none unless said. */
  readonly companions?: number;
};

export type Crowd = {
  /** Origin of the Worker. */
  readonly url: string;
  readonly snippet: string;
  readonly seed: number;
  /** Visitors under way at a time. */
  readonly atOnce: number;
  readonly page: (arms: GivenArms, random: () => number) => Page;
};

export type Visits = {
  /** Page views so far, and beacons that were answered otherwise than 204. */
  readonly counts: { views: number; refused: number };
  /** Arms of the newest views, the newest last. */
  readonly seen: readonly { readonly atMs: number; readonly arms: GivenArms }[];
  readonly stop: () => Promise<void>;
};

const mostSeen = 5_000;

/** Sends visitors, one after the other, until it is stopped. */
export function visit(crowd: Crowd): Visits {
  const random = seeded(crowd.seed);
  const counts = { views: 0, refused: 0 };
  const seen: { atMs: number; arms: GivenArms }[] = [];
  const over = new AbortController();
  const loops = Array.from({ length: crowd.atOnce }, async () => {
    while (!over.signal.aborted) {
      const { arms, refused } = await visitOnce(crowd, random);
      counts.views += 1;
      counts.refused += refused;
      seen.push({ atMs: Date.now(), arms });
      if (seen.length > mostSeen) seen.splice(0, mostSeen / 2);
    }
  });
  const stop = async (): Promise<void> => {
    over.abort();
    await Promise.all(loops);
  };
  return { counts, seen, stop };
}

async function visitOnce({ url, snippet, page }: Crowd, random: () => number) {
  const headers = { ...visitor(random), "accept-encoding": "br" };
  const load = async (method: "GET" | "HEAD", as: Readonly<Record<string, string>>) => {
    const response = await fetch(`${url}/js/${snippet}.js`, { method, headers: as });
    const { byteLength } = new Uint8Array(await response.arrayBuffer());
    const timing = response.headers.get("server-timing") ?? "";
    return { token: /av;desc="([^"]+)"/.exec(timing)?.[1], byteLength };
  };
  const { token, byteLength } = await load("GET", headers);
  const arms = armsIn(token);
  const { early = {}, late = {}, sends = "both", companions = 0 } = page(arms, random);
  for (let come = 0; come < companions;) {
    const other = visitor(random);
    // HEAD tells whose arms they are, and counts for nothing.
    const theirs = armsIn((await load("HEAD", other)).token);
    if (String([...theirs]) !== String([...arms])) continue;
    await load("GET", other);
    come += 1;
  }
  const view = {
    "beacon.schema": wireVersion,
    "pv.id": hexOf(random, 32),
    "pv.index": 0,
    "pv.sample_rate": 1,
    "client.clock": Date.now(),
    ...(token !== undefined && { "beacon.token": token }),
  };
  const beacons = [
    encodeBeacon({
      ...view,
      "stitch.late_seq": 0,
      "snippet.transfer_size": byteLength + 300,
      "snippet.encoded_size": byteLength,
      "snippet.error_count": 0,
      "snippet.timing": timingOf(40 + 60 * random(), 10 + 20 * random()),
      ...early,
    }),
    encodeBeacon({ ...view, "stitch.late_seq": 1, ...late }),
  ];
  const sent = { both: 2, early: 1, none: 0 }[sends];
  let refused = 0;
  for (const body of beacons.slice(0, sent)) {
    const init = { method: "POST", body, headers: { ...headers, "content-type": "text/plain" } };
    const response = await fetch(`${url}/t/${snippet}`, init);
    await response.arrayBuffer();
    if (response.status !== 204) refused += 1;
  }
  return { arms, refused };
}

/** The arms that a token names. */
export function armsIn(token: string | undefined): GivenArms {
  const marks = token?.split(".")[4] ?? "";
  const arms = marks
    .split("-")
    .map((mark) => mark.split("_"))
    .filter(([code]) => code !== "")
    .map(([code = "", letter]) => [code, letter === "c" ? "canary" : "control"] as const);
  return new Map(arms);
}

function visitor(random: () => number): Readonly<Record<string, string>> {
  const part = () => Math.floor(256 * random());
  const version = 100 + Math.floor(50 * random());
  return {
    "cf-connecting-ip": `10.${part()}.${part()}.${part()}`,
    "user-agent": `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`,
  };
}

function timingOf(ttfbMs: number, downloadMs: number): Timing {
  const start = 100;
  const first = start + ttfbMs;
  return [start, 0, 0, start, start, start, start, start, start, first, first + downloadMs];
}

function hexOf(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(16 * random()).toString(16)).join("");
}
