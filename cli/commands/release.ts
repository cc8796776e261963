// aviary snippet withdraw, aviary snippet restore: whether one release can be had.
import { defineAction } from "../action.ts";
import type { SnippetView } from "#src/admin/snippet-contract.ts";
import { checkId } from "../checks.ts";
import { headline } from "../details.ts";
import { Failure, usageFailure } from "../failure.ts";
import { paint } from "../paint.ts";
import type { Session } from "../session.ts";
import { snippetDocument } from "../snippet-report.ts";
import { removalOptions, removeAsAgreed } from "./removal.ts";

/** Digits of its SHA-256 that a release's URL has. */
const prefixDigits = 16;
const id = { type: "positional", required: true, description: "The snippet's id" } as const;
const release = {
  type: "positional",
  required: true,
  description: "Its immutable URL, or 16 or more digits of the script's SHA-256",
} as const;

/** The command `aviary snippet withdraw`. */
export const withdraw = defineAction({
  description: "Take one release back: its immutable URL answers 410",
  args: { id, release, ...removalOptions },
  examples: [
    "aviary snippet withdraw shop 3da137979d4e2854",
    "aviary snippet withdraw shop https://cdn.example.com/js/shop/3da137979d4e2854.js --yes",
  ],
  remarks: [
    "It holds everywhere within ten seconds. Browsers that have the script cached were told to keep it for a year, and do: pages that must not run it need another URL.",
    "The snippet itself goes on. What it stands for now cannot be withdrawn: publish or roll back first. Nothing can bring a withdrawn script back but `aviary snippet restore`.",
  ],
  async run({ values, session }) {
    const { snippets, releases } = session.api;
    const wanted = { id: checkId("<id>", values.id), release: digitsOf(values.release) };
    const before = await snippets.find(wanted.id);
    if (before === null) throw new Failure("refused", `there is no snippet ${wanted.id}`);
    if (values["dry-run"] || !values.yes) await refuseAsServer(before, wanted.release, session);
    const isWithdrawn = before.withdrawn.includes(wanted.release.slice(0, prefixDigits));
    const foretold = `Release ${wanted.release.slice(0, prefixDigits)} of snippet ${wanted.id} ${isWithdrawn ? "is withdrawn already" : "will answer 410"}.`;
    return removeAsAgreed({
      values,
      session,
      foretold,
      json: wanted,
      carryOut: async (why) => {
        const moved = await releases.withdraw(before, wanted.release, why);
        const title = headline({
          changed: moved.changed,
          subject: `release ${wanted.release.slice(0, prefixDigits)} of snippet ${wanted.id}`,
          did: "is withdrawn",
          already: "was withdrawn before",
        });
        const when = paint("dim", "Its URL answers 410 everywhere within 10 s.");
        return { json: snippetDocument(moved, session), text: `${title}\n  ${when}` };
      },
    });
  },
});

const mostRevisions = 100;

/** Throws what the server would answer: nobody is asked, or foretold, what cannot be. */
async function refuseAsServer(
  current: SnippetView,
  wanted: string,
  { api }: Session,
): Promise<void> {
  const digits = wanted.slice(0, prefixDigits);
  if (current.sha256.startsWith(wanted)) {
    const message = `release ${digits} is what snippet ${current.id} stands for now`;
    throw new Failure("conflict", message, {
      hint: "Publish another revision or roll back first.",
    });
  }
  const revisions = await api.snippets.history(current.id, mostRevisions);
  // Of a longer history only the server knows all.
  const isWhole = revisions.length < mostRevisions;
  if (!isWhole || revisions.some((each) => each.sha256.startsWith(wanted))) return;
  const hint = "`aviary snippet history` shows which releases there are.";
  throw new Failure("refused", `<release> ${digits} was never released`, { hint });
}

/** The command `aviary snippet restore`. */
export const restore = defineAction({
  description: "Let a withdrawn release be had again",
  args: { id, release, why: removalOptions.why },
  examples: ["aviary snippet restore shop 3da137979d4e2854"],
  async run({ values, session }) {
    const wanted = { id: checkId("<id>", values.id), release: digitsOf(values.release) };
    const before = await session.api.snippets.find(wanted.id);
    if (before === null) throw new Failure("refused", `there is no snippet ${wanted.id}`);
    const moved = await session.api.releases.restore(before, wanted.release, values.why ?? "");
    const title = headline({
      changed: moved.changed,
      subject: `release ${wanted.release.slice(0, prefixDigits)} of snippet ${wanted.id}`,
      did: "can be had again",
      already: "is not withdrawn",
    });
    return { json: snippetDocument(moved, session), text: title };
  },
});

function digitsOf(text: string): string {
  const digits = /^(?:.*\/)?([0-9a-f]{16,64})(?:\.js)?$/.exec(text)?.[1];
  if (digits !== undefined) return digits;
  throw usageFailure("<release> must be an immutable URL, or 16 to 64 hexadecimal digits");
}
