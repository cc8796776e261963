// aviary audit: who changed what, when and why.
import type * as v from "valibot";
import type { auditList } from "#src/admin/flag-contract.ts";
import { defineAction } from "../action.ts";
import { checkCount } from "../checks.ts";
import { counted, formatTime, harmless } from "../format.ts";
import { paint } from "../paint.ts";
import { table } from "../table.ts";

function nothing({ flag, before }: { flag?: string | undefined; before?: string | undefined }) {
  if (flag !== undefined) return `The audit log has no such line of ${harmless(flag)}.`;
  return before === undefined ? "Nothing was changed yet." : "There are no earlier lines.";
}

/** What the list leaves out. */
function notes({ entries, unknownPaths }: v.InferOutput<typeof auditList>): readonly string[] {
  const folded = entries.filter(({ hidden }) => hidden > 0);
  return [
    ...folded.map(({ actor, hidden }) => {
      const lines = counted(hidden, "more line");
      return `${lines} of ${harmless(actor)} between these: --actor ${harmless(actor)} shows them.`;
    }),
    ...unknownPaths.slice(0, 5).map(({ day, actor, requests }) => {
      const times = counted(requests, "request");
      return `${harmless(actor)} made ${times} for paths that there are not, on ${harmless(day)}.`;
    }),
  ];
}

export const audit = defineAction({
  description: "Show who changed what, when and why, newest first; refused changes too",
  args: {
    flag: { type: "string", valueHint: "key", description: "Only this flag" },
    actor: {
      type: "string",
      valueHint: "actor",
      description: "Only this one, as the list shows it, as in token:3f9c0d1e2b4a",
    },
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
    const actor = values.actor === undefined ? {} : { actor: values.actor };
    const query = { limit: String(limit), ...before, ...flag, ...actor };
    const json = await session.api.flags.audit(query);
    const { entries } = json;
    if (entries.length === 0) return { json, text: nothing(values) };
    const rows = entries.map(({ seq, at, who, from, actor: by, action, target, outcome, why }) => [
      String(seq),
      formatTime(at),
      harmless(who),
      by === who ? "" : harmless(by),
      harmless(from),
      harmless(action),
      harmless(target),
      outcome === "done" ? paint("green", outcome) : paint("yellow", harmless(outcome)),
      harmless(why),
    ]);
    const heading = ["#", "WHEN", "WHO", "ACTOR", "FROM", "WHAT", "OF", "OUTCOME", "WHY"];
    return { json, text: [table(heading, rows), ...notes(json)].join("\n") };
  },
});
