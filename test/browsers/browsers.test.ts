// What tests may rely on, of the driver and of each browser alike.
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startSite, type Site } from "../e2e/site.ts";
import { messageListener } from "./browser.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { startBrowser } from "./start-browser.ts";

let site: Site;

beforeAll(async () => {
  site = await startSite();
  const listener = `<script>${messageListener}</script>`;
  const page = `<!doctype html>${listener}<title>page</title><button>Press</button><input>
    <script>self.seen = [];
      for (const kind of ["click", "keydown"])
        addEventListener(kind, ({ isTrusted, key }) => seen.push([kind, isTrusted, key ?? null]));
      addEventListener("visibilitychange", () => seen.push(document.visibilityState));
      addEventListener("pageshow", ({ persisted }) => seen.push(persisted));
    </script>`;
  site.serve("/one", page);
  site.serve("/two", page);
  site.serve(
    "/loud",
    `${page}<script>console.warn("careful", 1); setTimeout(() => { throw new TypeError("no such bird") })</script>`,
  );
  site.serve(
    "/strict",
    `<!doctype html><meta http-equiv="content-security-policy" content="script-src 'nonce-a'; require-trusted-types-for 'script'">
      <script nonce="a">Array.prototype.toJSON = Object.prototype.toJSON = () => "polluted"; Object.prototype.extra = 1</script>`,
  );
});

afterAll(() => site?.stop());

function groupOf(pid: number): readonly string[] {
  return readdirSync("/proc").filter((each) => {
    try {
      const [state, , group] = (
        readFileSync(`/proc/${Number(each)}/stat`, "utf8").split(") ")[1] ?? ""
      ).split(" ");
      return Number(group) === pid && state !== "Z";
    } catch {
      return false;
    }
  });
}

inEachBrowser(({ name, browser, inTab }) => {
  it("has a version", () => {
    expect(browser().version).toMatch(/^\d+\.\d+/);
  });

  it("evaluates what a page thinks, promises and exceptions included", async () => {
    await inTab(async (tab) => {
      await tab.goto(`${site.url}/one`);
      expect(await tab.evaluate("({ a: [1, 'two', null, true], b: { c: 0.5 } })")).toEqual({
        a: [1, "two", null, true],
        b: { c: 0.5 },
      });
      expect(await tab.evaluate("new Promise((done) => setTimeout(done, 10, 7))")).toBe(7);
      await expect(tab.evaluate("missing.bird")).rejects.toThrow(/missing/);
    });
  });

  it("evaluates under a policy that forbids it, and on a page whose prototypes are polluted", async () => {
    await inTab(async (tab) => {
      await tab.goto(`${site.url}/strict`);
      expect(await tab.evaluate("[1, 2].length + document.readyState")).toBe("2complete");
    });
  });

  it("shows a page in each of its windows, as long as it is not hidden", async () => {
    await inTab(async (tab) => {
      await tab.goto(`${site.url}/one`);
      await inTab(async (other) => {
        await other.goto(`${site.url}/two`);
        expect(await other.evaluate("document.visibilityState")).toBe("visible");
      });
      expect(await tab.evaluate("document.visibilityState")).toBe("visible");
      await tab.hide();
      await tab.until("document.visibilityState === 'hidden'");
      await tab.show();
      await tab.until("document.visibilityState === 'visible'");
      expect(await tab.evaluate("seen")).toEqual([false, "hidden", "visible"]);
    });
  });

  it("presses buttons and keys as a visitor does", async () => {
    await inTab(async (tab) => {
      await tab.goto(`${site.url}/one`);
      await tab.click("button");
      await tab.click("input");
      await tab.type("ab");
      await tab.until("document.querySelector('input').value === 'ab'");
      expect(await tab.evaluate("seen")).toEqual([
        false,
        ["click", true, null],
        ["click", true, null],
        ["keydown", true, "a"],
        ["keydown", true, "b"],
      ]);
    });
  });

  it("goes back and forward in history to pages that were kept, and loads them again when told so", async () => {
    await inTab(async (tab) => {
      await tab.goto(`${site.url}/one`);
      await tab.goto(`${site.url}/two`);
      await tab.back();
      expect(await tab.evaluate("location.pathname")).toBe("/one");
      await tab.until("seen.length === 4");
      expect(await tab.evaluate("seen")).toEqual([false, "hidden", "visible", true]);
      await tab.forward();
      expect(await tab.evaluate("location.pathname")).toBe("/two");
      await tab.reload();
      expect(await tab.evaluate("seen")).toEqual([false]);
    });
  });

  it("tells what a page logs and does not catch", async () => {
    await inTab(async (tab) => {
      await tab.goto(`${site.url}/loud`);
      await vi.waitFor(async () => {
        const said = await tab.messages();
        expect(said).toContainEqual({ level: "warn", text: "careful 1" });
        const thrown = said.find(({ level }) => level === "exception");
        expect(thrown?.text).toMatch(/no such bird/);
      });
    });
  });

  it("runs a script before a page's own, save in WebKit, whose protocol has none", async () => {
    await inTab(async (tab) => {
      expect(tab.addInitScript === undefined).toBe(name === "webkit");
      await tab.addInitScript?.("self.first = document.scripts.length;");
      await tab.goto(`${site.url}/one`);
      expect(await tab.evaluate("self.first")).toBe(name === "webkit" ? undefined : 0);
    });
  });

  it("leaves nothing behind when it is killed", async () => {
    const mine = await startBrowser(name);
    const tab = await mine.open();
    await tab.goto(`${site.url}/one`);
    expect(groupOf(mine.pid).length).toBeGreaterThan(1);
    await mine.kill();
    await vi.waitFor(() => expect(groupOf(mine.pid)).toEqual([]));
  });
});
