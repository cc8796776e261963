// Routes remembered by URL: whatever was asked before, the answer is that of `routeOf`.
import { describe, expect, it } from "vitest";
import { Routes } from "#src/adapters/routes.ts";
import { routeOf } from "#src/delivery/route.ts";
import { fc } from "../property.ts";

const paths = ["/t/", "/old/"];
const part = fc.constantFrom(
  "js",
  "datafiles",
  "auth",
  "t",
  "old",
  "b",
  "healthz",
  "a",
  "s.js",
  "d.json",
  "",
);
const url = fc
  .tuple(fc.array(part, { maxLength: 4 }), fc.constantFrom("", "?x=1", "#y"))
  .map(([parts, end]) => `https://cdn.example/${parts.join("/")}${end}`);

it("leads where routeOf leads, the first time and every other", () => {
  fc.assert(
    fc.property(fc.array(url, { maxLength: 40 }), (asked) => {
      const routes = new Routes(paths, { host: "", isLocal: false });
      for (const each of [...asked, ...asked]) {
        expect(routes.of(each)).toEqual(routeOf(each, paths));
      }
    }),
  );
});

function place(host: string, isLocal = false): (asked: string) => string {
  const routes = new Routes(paths, { host, isLocal });
  return (asked) => routes.of(asked).name;
}

describe("the control API", () => {
  it("answers on its host alone, which serves nothing else", () => {
    const leads = place("control.example");
    for (const path of ["/api/v1/status", "/ofrep/v1/configuration"]) {
      expect(leads(`https://control.example${path}`)).not.toBe("none");
      for (const host of ["cdn.example", "localhost", "control.example:444", "x.control.example"]) {
        expect(leads(`https://${host}${path}`)).toBe("none");
      }
    }
    for (const path of ["/js/s.js", "/datafiles/d.json", "/t/s", "/js/s/0123456789abcdef.js"]) {
      expect(leads(`https://control.example${path}`)).toBe("none");
      expect(leads(`https://cdn.example${path}`)).not.toBe("none");
    }
    expect(leads("https://control.example/healthz")).toBe("health");
  });

  const names = ["localhost", "localhost:8787", "127.0.0.1:1", "[::1]:80", "cdn.example"];

  it("answers nowhere without a host, whatever name a request says, where nothing says that it is local", () => {
    const leads = place("");
    const answers = names.map((host) => leads(`http://${host}/api/v1/status`));
    expect(new Set(answers)).toEqual(new Set(["none"]));
  });

  it("answers on loopback alone where it is local", () => {
    const leads = place("", true);
    const open = [...names, "localhost.evil.example", "127.0.0.1.evil.example"].filter(
      (host) => leads(`http://${host}/api/v1/status`) === "control",
    );
    expect(open).toEqual(["localhost", "localhost:8787", "127.0.0.1:1", "[::1]:80"]);
    expect(leads("http://localhost:8787/js/s.js")).toBe("snippet");
  });
});

it("leads right for more URLs than it remembers, and for one too long to remember", () => {
  const routes = new Routes(paths, { host: "", isLocal: false });
  for (let at = 0; at < 10_000; at += 1) {
    expect(routes.of(`https://cdn.example/js/s${at}.js`)).toEqual({
      name: "snippet",
      id: `s${at}`,
    });
  }
  const long = `https://cdn.example/js/s.js?${"x".repeat(5_000)}`;
  expect(routes.of(long)).toEqual({ name: "snippet", id: "s" });
});
