// aviary snippet show, aviary datafile show.
import { defineAction, type Action } from "../../action.ts";
import { paint } from "../../paint.ts";
import type { Revision } from "../../pointer-api.ts";
import { findCurrent, idArgument, type Noun } from "./noun.ts";

export function showAction<V extends Revision, D extends V>(noun: Noun<V, D>): Action {
  return defineAction({
    description: `Show the current revision of a ${noun.name}`,
    args: idArgument(noun),
    examples: [`aviary ${noun.name} show demo`],
    async run({ values, session }) {
      const view = await findCurrent(noun, values, session);
      const document = noun.document(view, session);
      const subject = paint("bold", `${noun.name} ${view.id}`);
      const title = `${subject} is at revision ${view.revision}`;
      return { json: document, text: `${title}\n${noun.text(document, session)}` };
    },
  });
}
