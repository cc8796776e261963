import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { confirm } from "../../cli/confirm.ts";
import { drawOn } from "../../cli/draw.ts";

/** Streams that say that a person is behind them, who types `keys` once asked. */
function person(keys: string) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  output.once("data", () => input.write(keys));
  return { input, output, signal: new AbortController().signal };
}

const [ctrlC, ctrlD] = ["\u0003", "\u0004"];

describe("a question", () => {
  it.each([
    ["y\r", true],
    ["YES\r", true],
    ["n\r", false],
    ["\r", false],
    ["yesterday\r", false],
    [ctrlD, false],
  ])("%j means %s", async (keys, meant) => {
    await expect(confirm("Go on?", person(keys))).resolves.toBe(meant);
  });

  it("that is answered by Ctrl-C is an interruption, not a bug", async () => {
    const asked = confirm("Go on?", person(ctrlC));
    await expect(asked).rejects.toMatchObject({ kind: "interrupted", message: "stopped" });
  });

  it("ends with the command", async () => {
    const stop = new AbortController();
    const asked = confirm("Go on?", { ...person(""), signal: stop.signal });
    stop.abort(new Error("SIGTERM"));
    await expect(asked).rejects.toThrow("SIGTERM");
  });

  it("is not asked where nobody can answer", async () => {
    const there = { ...person("y\r"), input: new PassThrough() };
    await expect(confirm("Go on?", there)).rejects.toMatchObject({ kind: "usage" });
  });
});

/** Goes back by so many rows, and clears what is below. */
const up = (rows: number): string => `\u001B[${rows}A\u001B[0J`;

/** What is written to a terminal that `texts` are drawn on. */
function shown(
  terminal: { isTTY?: boolean; columns?: number; rows?: number },
  texts: readonly string[],
) {
  const written: string[] = [];
  const draw = drawOn({ ...terminal, write: (text) => written.push(text) });
  for (const text of texts) draw(text);
  return written;
}

describe("a redrawn text", () => {
  it("begins where the one before began, also where lines were wrapped", () => {
    const wide = "\u001B[32mabcdefghijk\u001B[39m\n\nb";
    const written = shown({ isTTY: true, columns: 10 }, [wide, "c", "d"]);
    expect(written).toEqual([`${wide}\n`, `${up(4)}c\n`, `${up(1)}d\n`]);
  });

  it("takes one row where it just fits", () => {
    expect(shown({ isTTY: true, columns: 3 }, ["abc", "d"])[1]).toBe(`${up(1)}d\n`);
  });

  it("is cut where the screen ends, for what has left it cannot be drawn over", () => {
    const tall = "a\nb\nc\nd\ne";
    const written = shown({ isTTY: true, columns: 20, rows: 5 }, [tall, "a\nb\nc\nd"]);
    expect(written).toEqual(["a\nb\nc\n… 2 more lines\n", `${up(4)}a\nb\nc\nd\n`]);
    const wide = shown({ isTTY: true, columns: 10, rows: 4 }, ["a\nbcdefghijklm\nn\no"]);
    expect(wide).toEqual(["a\n… 3 more lines\n"]);
    expect(shown({ rows: 3 }, [tall])).toEqual([`${tall}\n`]);
  });

  it("is one after the other where there is no terminal", () => {
    expect(shown({}, ["a\nb", "c"])).toEqual(["a\nb\n", "c\n"]);
  });
});
