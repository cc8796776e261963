// Which sinks a shard has lanes for, as `SINKS` changes between its starts.
import { describe, expect, it } from "vitest";
import { openingsOf } from "#src/objects/lanes.ts";
import { removedSink, unusableSink } from "#src/adapters/sinks/placeholders.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";

const sinkOf = (name: string): Sink => unusableSink(name, []);
const none = (): undefined => undefined;
const lake = { since: 0, cursor: 40, exported: 40, parked: 0, retried: 0 };

function opened(lanes: Record<string, typeof lake & { until?: number }>, names: readonly string[]) {
  const sinks = names.map(sinkOf);
  return openingsOf({ seq: 100, lanes }, { sinks, absentSink: none }).map(({ sink, state }) => [
    sink.name,
    state,
  ]);
}

describe("the lanes of a shard", () => {
  it("begin for a new sink behind the last event, and where it was for one that was there", () => {
    const fresh = { since: 100, cursor: 100, exported: 0, parked: 0, retried: 0 };
    expect(opened({ lake }, ["hook", "lake"])).toEqual([
      ["hook", fresh],
      ["lake", lake],
    ]);
  });

  it("keep for a sink that is gone what waited when it went, and nothing that came after", () => {
    expect(opened({ lake }, [])).toEqual([["lake", { ...lake, until: 100 }]]);
    expect(opened({ lake: { ...lake, until: 70 } }, [])).toEqual([
      ["lake", { ...lake, until: 70 }],
    ]);
    expect(opened({ lake: { ...lake, cursor: 100 } }, [])).toEqual([]);
  });

  it("go on where they were for a sink that comes back before all is put away", () => {
    expect(opened({ lake: { ...lake, until: 70 } }, ["lake"])).toEqual([["lake", lake]]);
  });

  it("wait for a sink of which nobody knows whether it is gone", () => {
    const sinks = { sinks: [], absentSink: sinkOf };
    const [opening] = openingsOf({ seq: 100, lanes: { lake } }, sinks);
    expect(opening?.state).toEqual(lake);
  });
});

describe("what stands for a sink", () => {
  const batch = { shard: "s", events: [{ seq: 7, event: {} }] };

  it("says why its events wait, or that they are to be parked", async () => {
    expect(await unusableSink("lake", ["url: must be a text"]).send(batch)).toEqual({
      outcome: "failed",
      why: "its settings are wrong: url: must be a text",
    });
    expect(await removedSink("lake").send(batch)).toMatchObject({ refused: [{ seq: 7 }] });
  });
});
