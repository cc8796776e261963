// The late message of a page that stays, in every browser: what shows with time alone.
import { expect, it } from "vitest";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { tellingOnLoad } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();

inEachBrowser(({ name: browser, inTab }) => {
  it("is sent 25 s after the early one, and its last word when the page is left after all", async () => {
    const name = `${browser}-stays`;
    await inTab(async (tab) => {
      await tab.goto(lab.put(name, { head: `<script>${tellingOnLoad(name)}</script>` }));
      await lab.heard(name);
      expect(lab.arrived(name)).toHaveLength(1);
      const [early, late] = await lab.until(name, 2);
      expect(late?.said).toMatchObject({ "stitch.late_seq": 1, "page.end_reason": "timeout" });
      const waitedMs = (late?.said["page.end_at"] ?? 0) - (early?.said["client.sent_at"] ?? 0);
      // Clocks of pages are made coarse, by a millisecond at most.
      expect(waitedMs).toBeGreaterThanOrEqual(24_998);
      await tab.goto("about:blank");
      const [, , last] = await lab.until(name, 3);
      expect(last?.said).toMatchObject({ "stitch.late_seq": 2, "page.end_reason": "pagehide" });
    });
  }, 120_000);
});
