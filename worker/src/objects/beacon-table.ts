// Beacons and what holds for all of them, in the Registry's database.
import { usualSampleRate } from "#src/delivery/beacon.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { Beacon, BeaconPolicy } from "#src/adapters/beacon-registry.ts";

type Row = {
  version: string;
  early: Digest;
  collector: Digest;
  early_bytes: number;
  collector_bytes: number;
  published_at_ms: number;
};

const initialPolicy: BeaconPolicy = {
  current: null,
  sampleRate: usualSampleRate,
  mutedAccounts: [],
  revision: 0,
};

export class BeaconTable {
  static readonly steps = [
    `CREATE TABLE beacon (
      version TEXT PRIMARY KEY, early TEXT NOT NULL, collector TEXT NOT NULL,
      early_bytes INTEGER NOT NULL, collector_bytes INTEGER NOT NULL,
      published_at_ms INTEGER NOT NULL
    )`,
    "CREATE TABLE beacon_policy (revision INTEGER PRIMARY KEY, document TEXT NOT NULL)",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  beacon(version: string): Beacon | undefined {
    const query = "SELECT * FROM beacon WHERE version = ?";
    return this.#sql.exec<Row>(query, version).toArray().map(beaconFrom)[0];
  }

  /** Newest first. */
  beacons(): readonly Beacon[] {
    const query = "SELECT * FROM beacon ORDER BY published_at_ms DESC, rowid DESC";
    return this.#sql.exec<Row>(query).toArray().map(beaconFrom);
  }

  add({ version, early, collector, earlyBytes, collectorBytes, publishedAtMs }: Beacon): void {
    const values = [version, early, collector, earlyBytes, collectorBytes, publishedAtMs];
    this.#sql.exec("INSERT INTO beacon VALUES (?, ?, ?, ?, ?, ?)", ...values);
  }

  policy(): BeaconPolicy {
    const query = "SELECT revision, document FROM beacon_policy";
    const [row] = this.#sql.exec<{ revision: number; document: string }>(query).toArray();
    if (row === undefined) return initialPolicy;
    return { ...(JSON.parse(row.document) as BeaconPolicy), revision: row.revision };
  }

  savePolicy({ current, sampleRate, mutedAccounts }: Omit<BeaconPolicy, "revision">): void {
    const { revision } = this.policy();
    const document = JSON.stringify({ current, sampleRate, mutedAccounts });
    this.#sql.exec("DELETE FROM beacon_policy");
    this.#sql.exec("INSERT INTO beacon_policy VALUES (?, ?)", revision + 1, document);
  }
}

function beaconFrom(row: Row): Beacon {
  const { version, early, collector } = row;
  return {
    version,
    early,
    collector,
    earlyBytes: row.early_bytes,
    collectorBytes: row.collector_bytes,
    publishedAtMs: row.published_at_ms,
  };
}
