// aviary ramp, advance, hold, resume, rollback, promote, revive: what a flag does
// next. Where traffic gets the change, it is shown first and asked for.
import { defineAction, type Action, type Input } from "../action.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { headline } from "../details.ts";
import type { MoveName } from "../flag-api.ts";
import { changeText } from "../flag-report.ts";
import type { Report } from "../report.ts";
import { stagesText } from "../reach-report.ts";
import { formatShare, parseShare } from "../share.ts";

const key = { type: "positional", required: true, description: "The flag" } as const;

const options = {
  why: { type: "string", valueHint: "text", description: "For the audit log" },
  "dry-run": { type: "boolean", description: "Say what it would do, and do nothing" },
  yes: { type: "boolean", alias: "y", description: "Do it without asking" },
  revision: {
    type: "string",
    valueHint: "n",
    description: "Only if this is the flag's revision; the current one unless given",
  },
} as const;

type MoveInput = Input<typeof options & { key: typeof key }>;

export const ramp = defineAction({
  description: "Set the share of the audience that has the change, up or down",
  args: {
    key,
    share: {
      type: "positional",
      required: true,
      description: "0.0001% to 100%, or in ppm, as in 5%, 0.1%, 500ppm",
    },
    ...options,
  },
  examples: [
    "aviary ramp engine-6-7 0.1%",
    "aviary ramp engine-6-7 5% --yes --why 'looks good'",
    "aviary ramp engine-6-7 500ppm --dry-run",
  ],
  remarks: [
    "Ramping up never moves a request out of the canary, and never swaps canary and control.",
  ],
  run: (input) => move("ramp", input, { sharePpm: parseShare("<share>", input.values.share) }),
});

const simple: Readonly<Record<Exclude<MoveName, "ramp">, string>> = {
  advance: "Go to the next stage",
  hold: "Stop growing: everybody keeps their arm",
  resume: "Go on after a hold",
  rollback: "Take the change away from everybody",
  promote: "Give the change to the whole audience: its trial is over",
  revive: "Make a draft of a flag that was killed or rolled back",
};

/** By name. */
export const moves: Readonly<Record<keyof typeof simple, Action>> = {
  advance: simpleMove("advance"),
  hold: simpleMove("hold"),
  resume: simpleMove("resume"),
  rollback: simpleMove("rollback"),
  promote: simpleMove("promote"),
  revive: simpleMove("revive"),
};

function simpleMove(name: keyof typeof simple): Action {
  return defineAction({
    description: simple[name],
    args: { key, ...options },
    examples: [`aviary ${name} engine-6-7`],
    run: (input) => move(name, input),
  });
}

// Taking away needs no second thought; giving does.
const asksFirst = new Set<MoveName>(["ramp", "advance", "promote"]);

async function move(
  name: MoveName,
  { values, session }: MoveInput,
  body?: { readonly sharePpm: number },
): Promise<Report> {
  const flag = checkFlag("<key>", values.key);
  const { flags } = session.api;
  const revision =
    values.revision === undefined
      ? (await flags.show(flag)).revision
      : checkCount("--revision", values.revision);
  const wanted = { name, key: flag, revision, why: values.why ?? "", body };
  const preview = await flags.foretell(wanted);
  const columns = session.columns();
  const grows = (preview.after?.sharePpm ?? 0) > (preview.before?.sharePpm ?? 0);
  const stages = grows ? stagesText(preview, session.nowMs) : "";
  const change = changeText(preview, session.nowMs, columns);
  const text = stages === "" ? change : `${change}\n\n${stages}`;
  if (values["dry-run"]) return { json: preview, text: `flag ${flag} would be so:\n${text}` };
  if (asksFirst.has(name) && (grows || name === "promote") && !values.yes) {
    session.note(`flag ${flag} will be so:\n${text}`);
    if (!(await session.confirm("Go on?"))) {
      return { json: { ...preview, declined: true }, text: "Nothing was changed." };
    }
  }
  const done = await flags.carryOut(wanted, preview);
  const share = formatShare(done.after?.sharePpm ?? 0);
  const state = done.after?.state.replace("_", " ") ?? "";
  const title = headline({
    changed: true,
    subject: `flag ${flag}`,
    did: `is ${state} at ${share}`,
    already: "",
  });
  return { json: done, text: `${title}\n${changeText(done, session.nowMs, columns)}` };
}
