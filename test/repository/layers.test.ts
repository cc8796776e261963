import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

/** Lints one planted file inside `room` and returns what the linter printed. */
async function lintPlanted(room: string, source: string): Promise<string> {
  return await lintFile(join(root, room, `planted-${randomUUID()}.ts`), source);
}

/** Lints `source` as if it were `file` and returns what the linter printed. */
async function lintFile(file: string, source: string): Promise<string> {
  // git keeps no empty rooms.
  const built = await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, source);
    const oxlint = join(root, "node_modules", "oxlint", "bin", "oxlint");
    await run(process.execPath, [oxlint, "--deny-warnings", file], { cwd: root });
    return "";
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  } finally {
    await rm(built ?? file, { recursive: true });
  }
}

describe("the layers", () => {
  it.each([
    ["worker/src/base", "#flags/parameters.ts"],
    ["worker/flags", "#rum/columns.ts"],
    ["worker/rum", "#flags/parameters.ts"],
    ["worker/rum/columns", "#flags/parameters.ts"],
    ["worker/rum/window", "#flags/parameters.ts"],
    ["worker/rum/browser", "#rum/ingest.ts"],
    ["worker/rum", "#rum/browser/handover.ts"],
    ["worker/rum", "./browser/handover.ts"],
    ["worker/src/stats", "#src/delivery/compose.ts"],
    ["worker/src/delivery", "#src/adapters/artifacts.ts"],
    ["worker/src/delivery", "node:zlib"],
    ["worker/src/delivery", "#rum/browser/handover.ts"],
    ["worker/src/canary", "#rum/browser/handover.ts"],
    ["worker/src/adapters", "#rum/browser/handover.ts"],
    ["worker/src/canary", "#src/delivery/compose.ts"],
    ["worker/src/adapters", "#src/services.ts"],
    ["worker/src/objects", "#src/http/respond.ts"],
    ["worker/src/http", "#src/admin/app.ts"],
    ["worker/src/http", "hono"],
    ["worker/src/admin", "#src/objects/project.ts"],
    ["cli", "#src/delivery/compose.ts"],
  ])("%s may not import %s", async (room, target) => {
    const printed = await lintPlanted(
      room,
      `import { x } from "${target}";\nexport const y = x;\n`,
    );
    expect(printed).toContain("no-restricted-imports");
  });

  it.each(["Date.now()", "Math.random()", "performance.now()"])(
    "the core may not call %s",
    async (call) => {
      const printed = await lintPlanted("worker/src/delivery", `export const y = ${call};\n`);
      expect(printed).toContain("no-restricted-properties");
    },
  );

  it("no two files may import each other, not even types alone", async () => {
    const room = join(root, "worker/src", `planted-${randomUUID()}`);
    await mkdir(room);
    try {
      await writeFile(
        join(room, "other.ts"),
        'import type { Y } from "./planted.ts";\nexport type X = { y: Y };\n',
      );
      const source = 'import type { X } from "./other.ts";\nexport type Y = { x?: X };\n';
      expect(await lintFile(join(room, "planted.ts"), source)).toContain("no-cycle");
    } finally {
      await rm(room, { recursive: true });
    }
  });

  it("a lawful import passes, so that the tests above can fail", async () => {
    const lawful = 'import { ok } from "#base/result.ts";\nexport const y = ok(1);\n';
    expect(await lintPlanted("worker/src/delivery", lawful)).toBe("");
  });
});
