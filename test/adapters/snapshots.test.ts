// What an isolate believes when its sources lie, are torn, late, old or silent.
import { describe, expect, it } from "vitest";
import { createKeyWrap } from "#src/adapters/key-wrap.ts";
import { Snapshots, type SnapshotStores } from "#src/adapters/snapshots.ts";
import { safeSnapshot } from "#flags/snapshot.ts";

const start = 1_800_000_000_000;

type Copy = { readonly edition: number; readonly text: string };

/** Stores whose every answer a test sets; what is left out has nothing or does not answer. */
class Sources {
  registry: Copy | undefined;
  colo: Response | undefined;
  kv: Copy | undefined;
  readonly reports: string[] = [];
  readonly #snapshots = new Snapshots(this.#stores());
  #work: Promise<unknown>[] = [];

  /** What is known after a request at `nowMs` and all that it began. */
  async at(nowMs: number) {
    const background = { waitUntil: (work: Promise<unknown>) => void this.#work.push(work) };
    await this.#snapshots.current({ nowMs, background });
    while (this.#work.length > 0) await Promise.all(this.#work.splice(0));
    return this.#snapshots.status(nowMs);
  }

  #stores(): SnapshotStores {
    const colo = {
      match: async () => this.colo?.clone(),
      put: async (_url: string, copy: Response) => void (this.colo = copy),
    };
    const kv = {
      getWithMetadata: async () => ({
        value: this.kv?.text ?? null,
        metadata: this.kv && { edition: this.kv.edition },
      }),
    };
    return {
      kv: kv as unknown as KVNamespace,
      colo: async () => colo as unknown as Cache,
      registry: () => ({
        snapshot: async (held) => {
          if (this.registry === undefined) throw new Error("no answer");
          const { edition, text } = this.registry;
          return { edition, text: held >= edition ? null : text };
        },
      }),
      report: (event) => void this.reports.push(event),
      keyWrap: createKeyWrap(["a secret of thirty-two characters"]),
      onTaken: () => {},
    };
  }
}

function copyOf(edition: number): Copy {
  return { edition, text: JSON.stringify({ ...safeSnapshot, edition, epoch: edition }) };
}

const torn = (edition: number): Copy => ({ edition, text: copyOf(edition).text.slice(0, 40) });

function inColo({ edition, text }: Copy, confirmedAtMs: number): Response {
  const headers = { "x-edition": String(edition), "x-confirmed-at-ms": String(confirmedAtMs) };
  return new Response(text, { headers });
}

describe("a snapshot", () => {
  it("of an earlier edition never replaces a later one, wherever it comes from", async () => {
    const sources = new Sources();
    sources.registry = copyOf(9);
    expect(await sources.at(start)).toMatchObject({ edition: 9, epoch: 9, source: "registry" });
    sources.registry = copyOf(7);
    sources.colo = undefined;
    expect(await sources.at(start + 20_000)).toMatchObject({ edition: 9, epoch: 9 });
    sources.registry = undefined;
    sources.colo = inColo(copyOf(8), start + 40_000);
    expect(await sources.at(start + 40_000)).toMatchObject({ edition: 9, epoch: 9 });
    sources.colo = undefined;
    sources.kv = copyOf(6);
    expect(await sources.at(start + 60_000)).toMatchObject({ edition: 9, epoch: 9 });
  });

  it("that is torn is reported, and neither taken nor told as the last word", async () => {
    const sources = new Sources();
    sources.registry = copyOf(3);
    await sources.at(start);
    sources.registry = torn(4);
    sources.colo = undefined;
    const status = await sources.at(start + 20_000);
    expect(status).toEqual({ edition: 3, epoch: 3, ageMs: 20_000, source: "registry" });
    expect(sources.reports).toEqual(["snapshot_refused"]);
  });

  it("that is torn in the colo's cache gives way to the Registry's at once", async () => {
    const sources = new Sources();
    sources.colo = inColo(torn(5), start);
    sources.registry = copyOf(5);
    expect(await sources.at(start)).toMatchObject({ edition: 5, source: "registry", ageMs: 0 });
  });

  it("that is torn in the Registry gives way to KV's", async () => {
    const sources = new Sources();
    sources.registry = torn(6);
    sources.kv = copyOf(5);
    expect(await sources.at(start)).toMatchObject({ edition: 5, source: "kv", ageMs: null });
  });

  it("in the colo's cache with fields that are none is passed over", async () => {
    const sources = new Sources();
    sources.colo = new Response("{}", { headers: { "x-edition": "9e9" } });
    sources.registry = copyOf(2);
    expect(await sources.at(start)).toMatchObject({ edition: 2, source: "registry" });
    expect(sources.reports).toEqual(["snapshot_read_failed"]);
  });

  it("that a clock which ran ahead has dated is not believed to be fresh", async () => {
    const sources = new Sources();
    sources.colo = inColo(copyOf(2), start + 3_600_000);
    sources.registry = copyOf(4);
    expect(await sources.at(start)).toMatchObject({ edition: 4, source: "registry" });
  });

  it("stays where nothing answers, and ages", async () => {
    const sources = new Sources();
    expect(await sources.at(start)).toMatchObject({ edition: 0, source: "default", ageMs: null });
    sources.registry = copyOf(2);
    await sources.at(start + 20_000);
    sources.registry = undefined;
    sources.colo = undefined;
    const status = await sources.at(start + 50_000);
    expect(status).toEqual({ edition: 2, epoch: 2, source: "registry", ageMs: 30_000 });
  });

  it("goes on being refreshed when this isolate's clock jumps, forward and back", async () => {
    const sources = new Sources();
    sources.registry = copyOf(1);
    await sources.at(start);
    await sources.at(start + 86_400_000);
    sources.colo = undefined;
    sources.registry = copyOf(2);
    expect(await sources.at(start + 10_000)).toMatchObject({ edition: 2 });
  });
});
