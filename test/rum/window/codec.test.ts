import { describe, expect, it } from "vitest";
import { decodeReceived, encodeReceived } from "#rum/window/codec.ts";
import { fc } from "../../property.ts";
import { anySaid, fullEarly, fullLate, received } from "../beacons.ts";

describe("beacons as the log keeps them", () => {
  it("are read back as they were, several from one text", () => {
    const taken = fc.record({ said: fc.oneof(anySaid("early"), anySaid("late")), atMs: fc.nat() });
    fc.assert(
      fc.property(fc.array(taken, { maxLength: 5 }), (all) => {
        const beacons = all.map(({ said, atMs }) => ({ beacon: received(said), atMs }));
        const text = beacons.map(({ beacon, atMs }) => encodeReceived(beacon, atMs)).join();
        expect(decodeReceived(text)).toEqual(beacons);
      }),
    );
  });

  it("are read from rows of the first version too, which named every field", () => {
    const [early, late] = [received(fullEarly), received(fullLate)];
    const text = `[7,${JSON.stringify(early)}],${encodeReceived(late, 9)}`;
    expect(decodeReceived(text)).toEqual([
      { atMs: 7, beacon: early },
      { atMs: 9, beacon: late },
    ]);
  });
});
