import { expect, it } from "vitest";
import { compose } from "#src/delivery/compose.ts";
import { prepareBeacon } from "#src/delivery/prepare-beacon.ts";
import { buildBeacon } from "../../worker/build/beacon.ts";

// In Chromium it only counts before a script's first token.
const compileAll = /^\/\/# allFunctionsCalledOnLoad\n/;
const prepared = prepareBeacon(await buildBeacon());
const { early, collector } = prepared.ok ? prepared.value : { early: "", collector: "" };

it("the collector as it is served has browsers compile it whole, before a page ends", () => {
  expect(collector).toMatch(compileAll);
});

it("a snippet never has browsers compile its engine whole, also where the collector is inlined", () => {
  for (const engine of ["use()", '"use strict";use()']) {
    const script = compose({ prelude: "prelude()", beacon: [early, collector], engine });
    expect(script).not.toMatch(compileAll);
  }
});
