// What `npm test` makes of a browser that cannot be had.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const run = join(import.meta.dirname, "..", "run.ts");

type Ended = { readonly code: number; readonly lines: readonly string[] };

/** Runs one small file where Firefox is said to be in a place where it is not. */
function runWithoutFirefox(ci: string): Promise<Ended> {
  // A run within a run takes nothing over from the outer one.
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST"));
  const env = { ...Object.fromEntries(outer), CI: ci, FIREFOX_PATH: "/nowhere/firefox" };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [run, "test/base/lru"], { env }, (_, stdout) => {
      resolve({ code: child.exitCode ?? -1, lines: stdout.trim().split("\n") });
    });
  });
}

it("a browser that cannot be had is named in one line, and is a fault in CI alone", async () => {
  const line = "not seen: firefox: FIREFOX_PATH is /nowhere/firefox, and there is no such file";
  const here = await runWithoutFirefox("");
  expect(here.lines.at(-2)).toBe(line);
  expect(here.lines.at(-1)).toMatch(/^\d+ passed, 0 failed$/);
  expect(here.code).toBe(0);
  const there = await runWithoutFirefox("true");
  expect(there.lines.at(-2)).toBe(line);
  expect(there.lines.at(-1)).toMatch(/^\d+ passed, 1 failed$/);
  expect(there.code).toBe(1);
}, 120_000);
