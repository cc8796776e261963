// What a terminal shows while something large is published: in a real one, `script`'s.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminToken, startAviary, type Started } from "../harness.ts";
import { seeded } from "../stats/seeded.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

/** JavaScript that compresses as code does, and takes a while. */
function code(bytes: number): string {
  const random = seeded(1);
  let text = "";
  while (text.length < bytes)
    text += `self.f${Math.floor(random() * 1e6)}=function(a,b){return a*b};\n`;
  return text;
}

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
  await place.write("engine.js", code(2_000_000));
  await place.write("payload.json", "{}");
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

const command = join(import.meta.dirname, "..", "..", "cli", "aviary.ts");

const esc = "\u001B";

/** All that a terminal of 80 columns was sent. */
async function onTerminal(args: string): Promise<string> {
  const line = `stty cols 80 rows 24; '${process.execPath}' '${command}' ${args}`;
  const env = { ...process.env, AVIARY_URL: worker.url, AVIARY_TOKEN: adminToken };
  const { stdout } = await promisify(execFile)("script", ["-qefc", line, "/dev/null"], {
    cwd: place.folder,
    env,
  });
  return stdout;
}

describe("a publish on a terminal", () => {
  it("says what the server is at, on one line that is gone at the end", async () => {
    await onTerminal("engine publish 1.0.0 engine.js");
    const shown = await onTerminal("snippet publish shop --account acme --payload payload.json");
    expect(shown).toContain("compressing with brotli, ");
    const drawn = shown
      .replaceAll(`${esc}[1G`, "\n")
      .split(/[\r\n]/)
      .map((line) => stripVTControlCharacters(line));
    for (const line of drawn.filter((each) => each.includes("compressing"))) {
      expect(line.length).toBeLessThanOrEqual(80);
    }
    // The bar's last line is cleared before the report begins.
    // What stood on the line is cleared, and nothing is drawn after that but the report.
    const cleared = shown.lastIndexOf(`${esc}[2K`);
    expect(cleared).toBeGreaterThan(shown.lastIndexOf("compressing"));
    expect(cleared).toBeLessThan(shown.indexOf("✔"));
  });
});

describe("a publish elsewhere", () => {
  it("is quiet until it is done", async () => {
    const args = ["snippet", "publish", "quiet", "--account", "acme", "--payload", "payload.json"];
    const { code: ended, stderr } = await place.aviary(args);
    expect({ ended, stderr }).toEqual({ ended: 0, stderr: "" });
  });
});
