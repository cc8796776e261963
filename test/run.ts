// npm test: every test there is. Nothing is skipped in silence, and a browser that cannot
// be had is named, and a fault in CI; the last line is `N passed, N failed`, and the exit
// code says the same. Arguments filter files.
import { join } from "node:path";
import { startVitest } from "vitest/node";
import { ensureBrowsers } from "./browsers/ensure-browsers.ts";
import { ensureClickhouse } from "./clickhouse-engine.ts";

type Tally = { passed: number; failed: number };

/** Runs vitest over `filters`, prints what would otherwise go unseen, and counts. */
async function runAll(filters: string[]): Promise<Tally> {
  const config = join(import.meta.dirname, "vitest.config.ts");
  const vitest = await startVitest("test", filters, { config, watch: false, run: true });
  const tally: Tally = { passed: 0, failed: 0 };
  for (const module of vitest.state.getTestModules()) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") tally.passed += 1;
      else tally.failed += 1;
      if (test.diagnostic()?.flaky) {
        console.log(`passed at the second try: ${module.relativeModuleId}: ${test.fullName}`);
      }
      if (state === "skipped" || state === "pending") {
        console.log(
          `skipped, which counts as failed: ${module.relativeModuleId}: ${test.fullName}`,
        );
      }
    }
    // A file that cannot be loaded has no tests that could fail.
    if (module.errors().length > 0) tally.failed += 1;
  }
  tally.failed += vitest.state.getUnhandledErrors().length;
  if (tally.passed + tally.failed === 0) {
    console.log("no test was run");
    tally.failed = 1;
  }
  await vitest.close();
  return tally;
}

const isContinuousIntegration = !["", "0", "false"].includes(process.env["CI"] ?? "");

let tally: Tally = { passed: 0, failed: 1 };
try {
  const unseen = ensureBrowsers();
  ensureClickhouse();
  process.env["WRANGLER_SEND_METRICS"] = "false";
  tally = await runAll(process.argv.slice(2));
  if (unseen.length > 0) {
    console.log(`not seen: ${unseen.join("; ")}`);
    if (isContinuousIntegration) tally.failed += unseen.length;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
