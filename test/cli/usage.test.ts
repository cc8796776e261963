import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workplace, type Workplace } from "./run-aviary.ts";

// Nothing listens there: whatever ends with 2 was refused before it was sent.
const nowhere = "http://127.0.0.1:9";
let place: Workplace;

beforeAll(async () => {
  place = await workplace(nowhere);
  await place.write("payload.json", "{}");
  await place.write("half.json", '{\n  "a": 1,\n');
  await place.write("bom.json", "\uFEFF{}");
  await place.write("latin1.json", new Uint8Array([0x22, 0xe9, 0x22]));
  await place.write("empty.json", "");
  await place.write("large.json", `"${"x".repeat(2 * 1024 * 1024)}"`);
  await mkdir(join(place.folder, "folder"));
});

afterAll(() => place.remove());

describe("a wrong command line", () => {
  it.each<readonly [string, string]>([
    ["", "There are engine, beacon, snippet, datafile, account, flag, ramp, "],
    ["snipet publish", "Did you mean snippet?"],
    ["snippet", "There are publish, show, list, history, rollback"],
    ["snippet publsih x", "Did you mean publish?"],
    ["status --jsno", "Did you mean --json?"],
    ["snippet show", "<id> is missing"],
    ["snippet show a b", "unexpected argument: b"],
    ["snippet show a/b", "<id> must be 1 to 64 of A-Z"],
    ["snippet list", "--account is missing"],
    ["snippet list --account", "--account needs a value"],
    ["snippet list --account --json", "--account needs a value"],
    ["snippet list --account a --account b", "--account was given twice"],
    ["snippet list --account é", "--account must be 1 to 64 of A-Z"],
    ["engine publish -1 payload.json", "unknown option: -1"],
    ["engine publish .1 payload.json", "<version> must be 1 to 64"],
    ["snippet history x --limit 101", "--limit must be a whole number from 1 to 100"],
    ["snippet rollback x --to 0", "--to must be a whole number from 1"],
    ["token create x --scope write", "--scope must be evaluate, read, publish, operate or admin"],
    ["token revoke ../status", "<id> must be the id of a token"],
    ["shards", "<n> is missing"],
    ["shards 0", "<n> must be a whole number from 1 to 256"],
    ["shards 257", "<n> must be a whole number from 1 to 256"],
    ["shards 2.5", "<n> must be a whole number from 1 to 256"],
    ["status --retries many", "--retries must be a whole number from 0 to 10"],
    ["status --url ftp://a", "--url is not an origin"],
    ["status --url http://a/api/v1", "--url is not an origin"],
    ["status --json=yes", "--json takes no value"],
  ])("%s", async (line, said) => {
    const { code, stdout, stderr } = await place.aviary(line.split(" ").filter(Boolean));
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(said);
  });
});

describe("a file that cannot be published is refused before it is sent", () => {
  it.each<readonly [string, string]>([
    ["nothing.json", "--payload: no such file: nothing.json"],
    ["folder", "--payload: is a folder"],
    ["half.json", "--payload: half.json is not JSON"],
    ["bom.json", "--payload: bom.json begins with a byte-order mark"],
    ["latin1.json", "--payload: latin1.json is not UTF-8"],
    ["empty.json", "--payload: empty.json is empty"],
    ["large.json", "--payload: large.json has 2.10 MB; at most 2 MiB are taken"],
    ["-", "--payload: standard input is empty"],
  ])("%s", async (file, said) => {
    const args = ["snippet", "publish", "x", "--account", "a", "--payload", file];
    const { code, stdout, stderr } = await place.aviary(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(said);
  });
});

describe("an access token that cannot be used is refused, and never repeated", () => {
  const publish = ["datafile", "publish", "k", "payload.json", "--account", "a"];

  it.each<readonly [string, readonly string[], string]>([
    ["too short", ["--access-token", "hush-hush"], "--access-token must be 16 to 256"],
    ["no file", ["--access-token", "@gone"], "--access-token: no such file: gone"],
    ["no variable", ["--access-token", "env:GONE"], "--access-token: GONE is not set"],
    ["no token", ["--access-token", "@empty.json"], "--access-token names no token"],
    ["with --public", ["--access-token", "-", "--public"], "exclude each other"],
  ])("%s", async (_case, args, said) => {
    const { code, stderr } = await place.aviary([...publish, ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("hush-hush");
  });

  it("standard input is read once", async () => {
    const args = ["datafile", "publish", "k", "-", "--account", "a", "--access-token", "-"];
    const { code, stderr } = await place.aviary(args, { stdin: "a-token-for-the-sdk" });
    expect(code).toBe(2);
    expect(stderr).toContain("standard input is read once");
  });
});

describe("output", () => {
  it("--json makes an error one document on stdout, and nothing else", async () => {
    const { code, document, stderr } = await place.json(["snippet", "shwo", "x"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    expect(document).toEqual({
      error: {
        kind: "usage",
        exitCode: 2,
        message: "unknown command: aviary snippet shwo",
        hint: "Did you mean show?",
      },
    });
  });

  it("has no colour where it goes to no terminal, unless it is wanted", async () => {
    const plain = await place.aviary(["--help"]);
    expect(plain.stdout).not.toContain("\u001B");
    const wanted = await place.aviary(["--help"], { env: { FORCE_COLOR: "1" } });
    expect(wanted.stdout).toContain("\u001B[1m");
  });
});

describe("help", () => {
  it("names every command, and each command's help has its options and an example", async () => {
    const { code, stdout } = await place.aviary(["--help"]);
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}[A-Z]/gm)].map(
      ([, name]) => name ?? "",
    );
    expect(commands).toHaveLength(62);
    const helps = await Promise.all(
      commands.map((name) => place.aviary([...name.split(" "), "-h"])),
    );
    for (const [index, help] of helps.entries()) {
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout).toContain(`aviary ${commands[index]}`);
      expect(help.stdout).toMatch(/Examples\n {2}\S/);
      expect(help.stdout).toContain("--json");
    }
  });

  it("comes by `help` too, and the version by --version", async () => {
    const { stdout } = await place.aviary(["help", "token", "create"]);
    expect(stdout).toMatch(/^aviary token create: /);
    expect((await place.aviary(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
