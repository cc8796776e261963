// aviary snippet list, aviary datafile list.
import { defineAction, type Action } from "../../action.ts";
import { checkId } from "../../checks.ts";
import type { Revision } from "../../pointer-api.ts";
import { table } from "../../table.ts";
import { headingOf, rowOf, type Noun } from "./noun.ts";

export function listAction<V extends Revision, D extends V>(noun: Noun<V, D>): Action {
  const collection = `${noun.name}s`;
  return defineAction({
    description: `List the ${collection} of an account`,
    args: { account: { type: "string", required: true, valueHint: "id", description: "Whose" } },
    examples: [`aviary ${noun.name} list --account demo`],
    async run({ values, session }) {
      const views = await noun.api(session).list(checkId("--account", values.account));
      const documents = views.map((view) => noun.document(view, session));
      const json = { [collection]: documents };
      if (views.length === 0) return { json, text: `This account has no ${collection}.` };
      const rows = views.map((view) => [view.id].concat(rowOf(noun, view, session)));
      const first = noun.idName === "id" ? "ID" : "SDK KEY";
      return { json, text: table([first, ...headingOf(noun)], rows) };
    },
  });
}
