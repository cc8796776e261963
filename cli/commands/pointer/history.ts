// aviary snippet history, aviary datafile history.
import { defineAction, type Action } from "../../action.ts";
import { checkCount } from "../../checks.ts";
import { paint } from "../../paint.ts";
import type { Revision } from "../../pointer-api.ts";
import { table } from "../../table.ts";
import { headingOf, idArgument, idFrom, rowOf, type Noun } from "./noun.ts";

const limit = {
  type: "string",
  valueHint: "n",
  description: "At most so many, 1 to 100; 20 unless given",
} as const;

export function historyAction<V extends Revision, D extends V>(noun: Noun<V, D>): Action {
  const { name } = noun;
  return defineAction({
    description: `List the revisions of a ${name}, newest first`,
    args: { ...idArgument(noun), limit },
    examples: [`aviary ${name} history demo`, `aviary ${name} history demo --limit 100 --json`],
    async run({ values, session }) {
      const most = checkCount("--limit", values.limit ?? "20", 100);
      const views = await noun.api(session).history(idFrom(noun, values), most);
      const [current] = views;
      const documents = views.map((view) => {
        return { ...noun.document(view, session), current: view === current };
      });
      const json = { [`${name}s`]: documents };
      if (views.length === 0) return { json, text: "Nothing was published yet." };
      const rows = views.map((view) => {
        const mark = view === current ? paint("green", "*") : " ";
        return [mark].concat(rowOf(noun, view, session));
      });
      const text = `${table([" ", ...headingOf(noun)], rows)}\n${paint("dim", "* is current")}`;
      return { json, text };
    },
  });
}
