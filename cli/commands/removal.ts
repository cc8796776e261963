// What commands that take something away have in common: they say what will be gone, and ask.
import type { Input } from "../action.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";

export const removalOptions = {
  why: { type: "string", valueHint: "text", description: "For the audit log" },
  "dry-run": { type: "boolean", description: "Say what it would do, and do nothing" },
  yes: { type: "boolean", alias: "y", description: "Do it without asking" },
} as const;

type Removal = {
  readonly values: Input<typeof removalOptions>["values"];
  readonly session: Session;
  /** What will be, as a sentence or more. */
  readonly foretold: string;
  /** The same for `--json`. */
  readonly json: object;
  readonly carryOut: (why: string) => Promise<Report>;
};

/** Carries out a removal that the user has agreed to. */
export async function removeAsAgreed(removal: Removal): Promise<Report> {
  const { values, session, foretold, json, carryOut } = removal;
  if (values["dry-run"]) return { json: { ...json, dryRun: true }, text: foretold };
  if (!values.yes) {
    session.note(foretold);
    if (!(await session.confirm("Go on?"))) {
      return { json: { ...json, declined: true }, text: "Nothing was changed." };
    }
  }
  return carryOut(values.why ?? "");
}
