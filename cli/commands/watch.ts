// aviary watch: a flag as it goes.
import { defineAction } from "../action.ts";
import { armsText } from "../arms-report.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { progressText } from "../flag-report.ts";
import { formatTime } from "../format.ts";
import { paint } from "../paint.ts";

export const watch = defineAction({
  description: "Show a flag and the requests of its arms, again and again",
  args: {
    key: { type: "positional", required: true, description: "The flag" },
    interval: {
      type: "string",
      valueHint: "s",
      description: "Seconds between looks; 2 unless given",
    },
    once: { type: "boolean", description: "Look once" },
  },
  examples: ["aviary watch engine-6-7", "aviary watch engine-6-7 --interval 10"],
  remarks: [
    "Ctrl-C ends it. With --json it looks once. Counts are up to twenty seconds old.",
    "OF BOTH is what share of the canary's and control's requests at this share of traffic an arm has got, MEANT what share it should get.",
  ],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const intervalMs = checkCount("--interval", values.interval ?? "2", 3_600) * 1_000;
    const isOnce = values.once === true || session.isJson;
    for (;;) {
      const seen = await session.api.flags.show(flag);
      const now = new Date();
      const title = `${paint("bold", `flag ${flag}`)}  ${paint("dim", formatTime(now.toISOString()))}`;
      const text = `${title}\n${progressText(seen, now.getTime())}\n\n${armsText(seen)}`;
      if (isOnce) return { json: seen, text };
      session.draw(text);
      await session.wait(intervalMs);
    }
  },
});
