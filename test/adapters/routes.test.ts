// Routes remembered by URL: whatever was asked before, the answer is that of `routeOf`.
import { expect, it } from "vitest";
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
      const routes = new Routes(paths);
      for (const each of [...asked, ...asked]) {
        expect(routes.of(each)).toEqual(routeOf(each, paths));
      }
    }),
  );
});

it("leads right for more URLs than it remembers, and for one too long to remember", () => {
  const routes = new Routes(paths);
  for (let at = 0; at < 10_000; at += 1) {
    expect(routes.of(`https://cdn.example/js/s${at}.js`)).toEqual({
      name: "snippet",
      id: `s${at}`,
    });
  }
  const long = `https://cdn.example/js/s.js?${"x".repeat(5_000)}`;
  expect(routes.of(long)).toEqual({ name: "snippet", id: "s" });
});
