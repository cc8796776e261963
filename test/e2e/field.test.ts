// Scripts and datafiles of others, as the field trial has them, in few enough that every run
// of the tests can afford them: `npm run field` has the rest.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { trimmedDatafiles } from "../field/datafiles.ts";
import { variants, type TriedScript } from "../field/publish-trial.ts";
import { trimmedScripts } from "../field/scripts.ts";
import { differences, tracesOf, type Traces } from "../field/page-trial.ts";
import { startSite } from "./site.ts";
import { startField, type Field } from "../field/trial.ts";

let field: Field;
const tried = new Map<string, TriedScript>();

beforeAll(async () => {
  field = await startField();
  for (const script of trimmedScripts) {
    // Compressing what is large takes longest: once is enough here.
    const wanted = script.name === "plotly.js-dist-min" ? (["beacon"] as const) : variants;
    tried.set(script.name, await field.tryScript(script, wanted));
  }
}, 400_000);

afterAll(() => field?.stop());

const names = trimmedScripts.map(({ name }) => name);

describe("what others made", () => {
  it.each(names)("is served in every encoding, byte for byte: the script %s", (name) => {
    expect(tried.get(name)?.faults).toEqual([]);
  });

  it.each(trimmedDatafiles)(
    "is served in every encoding, byte for byte: the datafile of $name",
    async (datafile) => {
      expect((await field.tryDatafile(datafile)).faults).toEqual([]);
    },
    120_000,
  );
});

inEachBrowser(({ inTab }) => {
  it("a page could tell: globals, what was there before, exceptions and console", async () => {
    const site = await startSite();
    site.serve("/quiet.js", "var bird = 1;");
    site.serve(
      "/loud.js",
      "var bird = 1; leaked = 2; Array.prototype.at = 3; delete self.name; console.warn('loud'); throw new TypeError('no bird')",
    );
    const look = async (script: string): Promise<Traces> => {
      const asked = { site, url: `${site.url}/${script}.js`, isMeasured: false };
      return inTab((tab) => tracesOf(tab, asked));
    };
    const seen = differences(await look("quiet"), await look("loud"));
    await site.stop();
    expect(seen.slice(0, 4)).toEqual([
      "+ adds leaked: number wec",
      "+ changes Array.prototype.at to number wc",
      "+ removes name",
      expect.stringMatching(/^\+ says exception: .*no bird/),
    ]);
    expect(seen.slice(4)).toEqual(["+ says warn: loud"]);
  });

  it.each(names)(
    "a page cannot tell it from the script alone, with a beacon and without: %s",
    async (name) => {
      const script = tried.get(name);
      if (script === undefined) throw new Error(`${name} was not published`);
      expect(await inTab((tab) => field.compare(tab, script))).toEqual([]);
    },
    120_000,
  );
});
