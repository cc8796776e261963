import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { indexPath, indexText } from "../../worker/build/docs-index.ts";

it("docs/README.md lists every page there is: else run `npm run docs:index`", () => {
  expect(readFileSync(indexPath, "utf8")).toBe(indexText());
});
