// What a failure looks like on a narrow terminal: a real one, `script`'s.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";

const command = join(import.meta.dirname, "..", "..", "cli", "aviary.ts");

/** The lines that a terminal of 40 columns was sent. */
async function onTerminal(args: string): Promise<readonly string[]> {
  const line = `stty cols 40 rows 24; '${process.execPath}' '${command}' ${args}; true`;
  const { stdout } = await promisify(execFile)("script", ["-qefc", line, "/dev/null"]);
  return stripVTControlCharacters(stdout).split(/\r?\n/);
}

it.each(["", "nonsense", "token create ci --scope everything"])(
  "a failure breaks at blanks and never in a word: aviary %s",
  async (args) => {
    const lines = await onTerminal(args);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines[0]).toMatch(/^aviary: /);
    for (const line of lines.slice(1)) expect(line).toMatch(/^( {2}\S|$)/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  },
);
