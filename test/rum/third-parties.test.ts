import { entities, getEntity } from "third-party-web/httparchive-nostats-subset.js";
import { describe, expect, it } from "vitest";
import { partyOf, thirdPartyColumns } from "#rum/third-parties.ts";

describe("partyOf", () => {
  it("knows every domain of the data, and what is below it, as third-party-web itself does", () => {
    const hosts = entities.flatMap(({ domains }) =>
      domains.flatMap((domain) => {
        const host = domain.replace("*.", "");
        return [host, `a.${host}`, `a.b.${host}`];
      }),
    );
    expect(hosts.length).toBeGreaterThan(3_000);
    expect(
      hosts.filter((host) => (partyOf(host) === undefined) === (getEntity(host) !== undefined)),
    ).toEqual([]);
    expect(partyOf("www.google-analytics.com")).toBe("google-analytics");
  });

  it.each(["", ".", "shop.example", "constructor", "__proto__", "a..b", "127.0.0.1:80"])(
    "knows nothing of %j",
    (host) => {
      expect(partyOf(host)).toBeUndefined();
    },
  );
});

describe("thirdPartyColumns", () => {
  it("says nothing where no list came, and counts none in an empty one", () => {
    expect(thirdPartyColumns(undefined)).toEqual({});
    expect(thirdPartyColumns([])).toEqual({ "tp.entities": [], "tp.entity_count": 0 });
  });

  it("ranks the three largest, and leaves out who fetched nothing", () => {
    const columns = thirdPartyColumns([
      ["a.example", 1, 10, 1],
      ["b.example", 1, 30, 0],
      ["c.example", 1, 20, 0],
      ["d.example", 1, 40, 0],
    ]);
    expect(columns).toMatchObject({
      "tp.size.1.entity": "d.example",
      "tp.size.2.entity": "b.example",
      "tp.size.3.entity": "c.example",
      "tp.block.1.entity": "a.example",
    });
    expect(columns).not.toHaveProperty("tp.block.2.entity");
  });
});
