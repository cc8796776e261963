// Whose the hosts are that a page loads from: the data of third-party-web, looked up
// by host. A host that nobody knows stands for itself. The tables are made when they
// are first asked for, so that deliveries never pay for them.
import entities from "third-party-web/dist/entities-httparchive-nostats.json" with { type: "json" };
import type { Seen, ValueOf } from "./columns.ts";

type Neighbours = NonNullable<ValueOf<"beacon.neighbours">>;

const mostNamed = 20;
const longestName = 64;

let owners: ReadonlyMap<string, string> | undefined;

/** The party that a host belongs to, as in `google-analytics`; undefined for one that nobody knows. */
export function partyOf(host: string): string | undefined {
  owners ??= ownersByDomain();
  const exact = owners.get(host);
  if (exact !== undefined) return exact;
  // A domain of the data that begins with `*.` stands for itself and all below it.
  for (let at = 0; at >= 0; at = host.indexOf(".", at + 1)) {
    const parent = at === 0 ? host : host.slice(at + 1);
    const owner = owners.get(`*.${parent}`);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

function ownersByDomain(): ReadonlyMap<string, string> {
  return new Map(
    entities.flatMap(({ name, domains }) => domains.map((each) => [each, idOf(name)])),
  );
}

function idOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, longestName);
}

type Sums = { bytes: number; blockingMs: number };

/** The columns that a late beacon's list of hosts leads to. */
export function thirdPartyColumns(neighbours: Neighbours | undefined): Seen {
  if (neighbours === undefined) return {};
  const parties = new Map<string, Sums>();
  for (const [host, , bytes, blockingMs] of neighbours) {
    const name = partyOf(host.replace(/:\d+$/, "").toLowerCase()) ?? host.slice(0, longestName);
    const sums = parties.get(name) ?? { bytes: 0, blockingMs: 0 };
    sums.bytes += bytes;
    sums.blockingMs += blockingMs;
    parties.set(name, sums);
  }
  const [block1, block2, block3] = largest(parties, "blockingMs");
  const [size1, size2, size3] = largest(parties, "bytes");
  return {
    "tp.entities": [...parties.keys()].slice(0, mostNamed),
    "tp.entity_count": parties.size,
    ...(block1 && { "tp.block.1.entity": block1.name, "tp.block.1.ms": block1.value }),
    ...(block2 && { "tp.block.2.entity": block2.name, "tp.block.2.ms": block2.value }),
    ...(block3 && { "tp.block.3.entity": block3.name, "tp.block.3.ms": block3.value }),
    ...(size1 && { "tp.size.1.entity": size1.name, "tp.size.1.bytes": size1.value }),
    ...(size2 && { "tp.size.2.entity": size2.name, "tp.size.2.bytes": size2.value }),
    ...(size3 && { "tp.size.3.entity": size3.name, "tp.size.3.bytes": size3.value }),
  };
}

/** Those with the most, the most first; who has none of it is in no list. */
function largest(
  parties: ReadonlyMap<string, Sums>,
  of: keyof Sums,
): readonly { readonly name: string; readonly value: number }[] {
  return [...parties]
    .map(([name, sums]) => ({ name, value: sums[of] }))
    .filter(({ value }) => value > 0)
    .sort((left, right) => right.value - left.value)
    .slice(0, 3);
}
