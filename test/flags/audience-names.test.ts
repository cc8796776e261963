import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { audienceNames } from "#flags/audience-names.ts";

it("an audience can ask for the names that docs/flags.md lists, and for no others", async () => {
  const text = await readFile("docs/flags.md", "utf8");
  const [, chapter = ""] = text.split("## What an audience can ask");
  const [listed = ""] = chapter.split(", with flagd's");
  const named = [...listed.replaceAll(/\([^)]*\)/g, "").matchAll(/`(\w+)`/g)];
  expect(new Set(named.map(([, name]) => name))).toEqual(new Set(audienceNames));
});
