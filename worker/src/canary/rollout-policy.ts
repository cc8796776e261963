// What one rollout is judged by: what its author wrote, over the defaults for what its patch
// is seen in. The document is small because only differences need saying.
import { err, ok, type Result } from "#base/result.ts";
import type { Issue } from "#flags/issue.ts";
import type { Rollout } from "#flags/rollout.ts";
import { defaultGuardrails } from "./default-guardrails.ts";
import { columnIssues } from "./guardrail-columns.ts";
import { defaultPolicy, parsePolicy, type Policy, type PolicyError } from "./guardrails.ts";
import { columnsOf } from "./observe.ts";
import { seenIn, unitColumns } from "./trial.ts";

type Judged = Pick<Rollout, "guardrails" | "patch" | "unit">;
type Documents = { readonly [name: string]: unknown };

/**
 * The complete policy of a rollout. Its `guardrails` document is a policy whose list may be
 * left out; `change` then adjusts single ones by name: fields to replace, a whole new
 * guardrail, or null for none. Issues name the author's own field, as in `change.errors.margin`.
 */
export function policyOf(rollout: Judged): Result<Policy, PolicyError> {
  const document = rollout.guardrails ?? {};
  if (!isDocument(document)) return parsePolicy(document);
  const { change, ...rest } = document;
  const list: unknown = rest["guardrails"] ?? defaultGuardrails[seenIn(rollout)];
  if (change === undefined) return readPolicy({ ...rest, guardrails: list });
  if (!isDocument(change) || !Array.isArray(list)) {
    return wrong({ path: "change", message: "must be an object, by guardrail" });
  }
  const misfit = misfitOf(list, change);
  if (misfit !== undefined) return wrong(misfit);
  const changed = changedList(list, change);
  const parsed = readPolicy({ ...rest, guardrails: changed });
  if (parsed.ok) return ok(parsed.value);
  const issues = parsed.error.issues.map((issue) => ownIssue(issue, changed, change));
  return err({ reason: "invalid_guardrails", issues });
}

/** A policy whose guardrails read what events have. */
function readPolicy(document: Documents): Result<Policy, PolicyError> {
  const parsed = parsePolicy(document);
  const issues = parsed.ok ? columnIssues(parsed.value.guardrails) : [];
  return issues.length === 0 ? parsed : err({ reason: "invalid_guardrails", issues });
}

/** The columns that a rollout's evidence is made of. */
export function evidenceColumns(rollout: Judged): ReadonlySet<string> {
  const policy = policyOf(rollout);
  const read = columnsOf(policy.ok ? policy.value : defaultPolicy(seenIn(rollout)));
  const unit = unitColumns[rollout.unit];
  return unit === undefined ? read : new Set([...read, unit]);
}

// What would change nothing is a slip of its author's, who believes that it did.
function misfitOf(list: readonly unknown[], change: Documents): Issue | undefined {
  const names = list.map(nameOf);
  if (new Set(names).size < names.length) {
    return { path: "guardrails", message: "must not repeat a name" };
  }
  for (const [name, wanted] of Object.entries(change)) {
    const path = `change.${name}`;
    if (wanted === null && !names.includes(name)) {
      return { path, message: "is not there to be left out" };
    }
    if (wanted !== null && !isDocument(wanted)) {
      return { path, message: "must be an object, or null for none" };
    }
  }
  return undefined;
}

function changedList(list: readonly unknown[], change: Documents): readonly unknown[] {
  const known = new Map(list.map((each) => [nameOf(each), each]));
  for (const [name, wanted] of Object.entries(change)) {
    if (wanted === null) known.delete(name);
    else
      known.set(name, { ...(known.get(name) as object | undefined), ...(wanted as object), name });
  }
  return [...known.values()];
}

function ownIssue(issue: Issue, list: readonly unknown[], change: Documents): Issue {
  const match = /^guardrails\.(\d+)(.*)$/.exec(issue.path);
  const name = nameOf(list[Number(match?.[1] ?? -1)]);
  if (match === null || !Object.hasOwn(change, name)) return issue;
  return { ...issue, path: `change.${name}${match[2] ?? ""}` };
}

function nameOf(guardrail: unknown): string {
  return isDocument(guardrail) ? String(guardrail["name"]) : "";
}

function isDocument(value: unknown): value is Documents {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(issue: Issue): Result<never, PolicyError> {
  return err({ reason: "invalid_guardrails", issues: [issue] });
}
