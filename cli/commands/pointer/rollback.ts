// aviary snippet rollback, aviary datafile rollback: an earlier revision, published
// again against the one that was current when the command began.
import { defineAction, type Action } from "../../action.ts";
import { checkCount } from "../../checks.ts";
import { headline } from "../../details.ts";
import { Failure } from "../../failure.ts";
import type { Revision } from "../../pointer-api.ts";
import { findCurrent, idArgument, type Noun } from "./noun.ts";

const to = {
  type: "string",
  valueHint: "revision",
  description: "Which; the one before the current one unless given",
} as const;

const remark =
  "A rollback is a revision of its own, so nothing is lost: without --to, a second rollback takes the first one back.";

export function rollbackAction<V extends Revision, D extends V>(noun: Noun<V, D>): Action {
  const { name, rollbackRemark } = noun;
  return defineAction({
    description: `Make an earlier revision of a ${name} the current one`,
    args: { ...idArgument(noun), to },
    examples: [`aviary ${name} rollback demo`, `aviary ${name} rollback demo --to 3`],
    remarks: rollbackRemark === undefined ? [remark] : [remark, rollbackRemark],
    async run({ values, session }) {
      const wanted = values.to === undefined ? undefined : checkCount("--to", values.to);
      const before = await findCurrent(noun, values, session);
      const target = wanted ?? before.revision - 1;
      if (target < 1) {
        const message = `${name} ${before.id} has one revision alone: there is no way back`;
        throw new Failure("refused", message);
      }
      const moved = await noun.api(session).rollBack(before, target);
      const document = { ...noun.document(moved, session), restored: target };
      const title = headline({
        changed: moved.changed,
        subject: `${name} ${moved.id}`,
        did: `is back to what revision ${target} said, as revision ${moved.revision} (was ${before.revision})`,
        already: `says what revision ${target} said already, at revision ${moved.revision}`,
      });
      return { json: document, text: `${title}\n${noun.text(document, session)}` };
    },
  });
}
