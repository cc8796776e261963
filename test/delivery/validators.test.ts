import { describe, expect, it } from "vitest";
import { isNotModified } from "#src/delivery/conditional.ts";
import type { DatafilePointer, SnippetPointer } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { validatorsOf } from "#src/delivery/validators.ts";

const digest = (letter: string): Digest => letter.repeat(64) as Digest;
const [stable, candidate] = [digest("a"), digest("b")];
const forms = (identity: Digest) => ({ identity: { sha256: identity, bytes: 1 } });

const common = { id: "key", account: "acme", revision: 1, movedAtMs: Date.UTC(2026, 10, 23) };
const datafile: DatafilePointer = {
  ...common,
  kind: "datafile",
  content: { body: forms(stable), candidate: forms(candidate), accessTokens: [] },
};
const snippet: SnippetPointer = {
  ...common,
  kind: "snippet",
  content: {
    payload: digest("c"),
    engine: { version: "1.0.0", sha256: digest("d") },
    composition: forms(stable),
  },
};

const shared = {
  pointer: datafile,
  identity: stable,
  encoding: "br",
  copy: "",
  of: "stable",
} as const;
const changed = { ...shared, identity: candidate, of: "candidate" } as const;
const everybody = validatorsOf(shared);
const control = validatorsOf({ ...shared, copy: "f.1.control;" });
const canary = validatorsOf({ ...changed, copy: "f.1.canary;" });
const promoted = validatorsOf(changed);

type Validators = typeof everybody;
const byTag = ({ etag }: Validators, current: Validators) =>
  isNotModified({ ifNoneMatch: etag, ifModifiedSince: null }, current);
const byDate = ({ lastModified }: Validators, current: Validators) =>
  isNotModified({ ifNoneMatch: null, ifModifiedSince: lastModified }, current);

describe("validators", () => {
  it("of any copy say nothing of another one, by tag nor by date, though bytes may be the same", () => {
    const all = [everybody, control, canary, promoted];
    for (const [at, held] of all.entries()) {
      for (const [index, current] of all.entries()) {
        expect([byTag(held, current), byDate(held, current)]).toEqual(
          at === index ? [true, true] : [false, false],
        );
      }
    }
  });

  it("of another attempt are another copy's", () => {
    const next = validatorsOf({ ...shared, copy: "f.2.control;" });
    expect(byTag(control, next)).toBe(false);
  });

  it("of a snippet's copy go by the tag alone: one date stands for what any flag made of it", () => {
    const own = { pointer: snippet, identity: stable, encoding: "br", of: "stable" } as const;
    const copy = validatorsOf({ ...own, copy: "f.1.canary;" });
    const usual = validatorsOf({ ...own, copy: "" });
    expect([byTag(copy, copy), byDate(copy, copy)]).toEqual([true, false]);
    expect([byDate(usual, usual), byDate(copy, usual)]).toEqual([true, false]);
  });

  it("never lie in the future of the move, the candidate's second aside", () => {
    for (const { lastModifiedMs } of [everybody, control, canary]) {
      expect(lastModifiedMs).toBeLessThanOrEqual(datafile.movedAtMs);
    }
  });
});
