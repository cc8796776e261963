// aviary snippet delete, aviary datafile delete: the id with its history, after asking.
import { defineAction, type Action } from "../../action.ts";
import { headline } from "../../details.ts";
import { paint } from "../../paint.ts";
import type { Revision } from "../../pointer-api.ts";
import type { Report } from "../../report.ts";
import type { Session } from "../../session.ts";
import { removalOptions, removeAsAgreed } from "../removal.ts";
import { findCurrent, idArgument, idFrom, type Noun } from "./noun.ts";

const free = {
  type: "boolean",
  description: "Let another account have the id from now on; takes a token of scope admin",
} as const;

const remarks = [
  "Within ten seconds its URLs answer 410, those of single releases too; browsers go on with what they have cached. Its revisions are gone for good, and what no other revision needs is removed from the stores some days later.",
  "The id stays with its account, which can publish it again: so nobody else's script comes to pages that still load it. With --free it is whose who publishes it first.",
];

export function deleteAction<V extends Revision, D extends V>(noun: Noun<V, D>): Action {
  const { name } = noun;
  return defineAction({
    description: `Delete a ${name} with its history`,
    args: { ...idArgument(noun), free, ...removalOptions },
    examples: [
      `aviary ${name} delete demo`,
      `aviary ${name} delete demo --yes --why 'the customer left'`,
      `aviary ${name} delete demo --free`,
    ],
    remarks,
    async run({ values, session }) {
      const id = idFrom(noun, values);
      const isFree = values.free === true;
      // What was deleted before can still be given up.
      const before = isFree
        ? await noun.api(session).find(id)
        : await findCurrent(noun, values, session);
      const next = isFree ? "and any account may have the id" : `the id stays ${ownerOf(before)}`;
      const foretold =
        before === null
          ? `${name} ${id} is gone already: any account may have the id.`
          : `${name} ${id} of account ${before.account}, at revision ${before.revision}, will be deleted with all its revisions; ${next}.`;
      const json = { id, account: before?.account ?? null, revision: before?.revision ?? null };
      return removeAsAgreed({
        values,
        session,
        foretold,
        json: { ...json, free: isFree },
        carryOut: (why) => carryOut(noun, { id, before, why, isFree, session }),
      });
    },
  });
}

type Wanted = {
  readonly id: string;
  readonly before: Revision | null;
  readonly why: string;
  readonly isFree: boolean;
  readonly session: Session;
};

async function carryOut<V extends Revision, D extends V>(
  noun: Noun<V, D>,
  { id, before, why, isFree, session }: Wanted,
): Promise<Report> {
  const deleted = await noun.api(session).remove(id, before, { why, free: isFree });
  // After a lost answer the server calls the second attempt no change.
  const document = { ...deleted, changed: before !== null };
  const title = headline({
    changed: document.changed,
    subject: `${noun.name} ${id}`,
    did: "is deleted",
    already: "was deleted before",
  });
  const owner = isFree
    ? "Whoever publishes the id first has it."
    : `The id stays ${ownerOf(deleted)}.`;
  const when = paint("dim", `Its URLs answer 410 everywhere within 10 s. ${owner}`);
  return { json: document, text: `${title}\n  ${when}` };
}

function ownerOf(revision: Pick<Revision, "account"> | null): string {
  return revision === null ? "as it is" : `${revision.account}'s`;
}
