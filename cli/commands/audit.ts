// aviary audit: who changed what, when and why.
import { defineAction } from "../action.ts";
import { checkCount } from "../checks.ts";
import { formatTime, harmless } from "../format.ts";
import { paint } from "../paint.ts";
import { table } from "../table.ts";

function nothing({ flag, before }: { flag?: string | undefined; before?: string | undefined }) {
  if (flag !== undefined) return `The audit log has no such line of ${harmless(flag)}.`;
  return before === undefined ? "Nothing was changed yet." : "There are no earlier lines.";
}

export const audit = defineAction({
  description: "Show who changed what, when and why, newest first; refused changes too",
  args: {
    flag: { type: "string", valueHint: "key", description: "Only this flag" },
    limit: {
      type: "string",
      valueHint: "n",
      description: "At most so many, 1 to 500; 50 unless given",
    },
    before: { type: "string", valueHint: "n", description: "Only lines before this number" },
  },
  examples: ["aviary audit", "aviary audit --flag engine-6-7 --json"],
  async run({ values, session }) {
    const limit = checkCount("--limit", values.limit ?? "50", 500);
    const before =
      values.before === undefined ? {} : { before: String(checkCount("--before", values.before)) };
    const flag = values.flag === undefined ? {} : { flag: values.flag };
    const entries = await session.api.flags.audit({ limit: String(limit), ...before, ...flag });
    if (entries.length === 0) return { json: { entries }, text: nothing(values) };
    const rows = entries.map(({ seq, at, who, from, action, target, outcome, why }) => [
      String(seq),
      formatTime(at),
      harmless(who),
      harmless(from),
      harmless(action),
      harmless(target),
      outcome === "done" ? paint("green", outcome) : paint("yellow", harmless(outcome)),
      harmless(why),
    ]);
    const heading = ["#", "WHEN", "WHO", "FROM", "WHAT", "OF", "OUTCOME", "WHY"];
    return { json: { entries }, text: table(heading, rows) };
  },
});
