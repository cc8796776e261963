// Answers that are no success, as failures: what the server said, in the words of
// the command line, and what to do about it.
import * as v from "valibot";
import { problemView, type Problem } from "#src/admin/contract.ts";
import type { FailureKind } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { harmless } from "./format.ts";
import { longestRetryAfterMs, retryAfterMs } from "./retry.ts";

const problemPrefix = "urn:aviary:problem:";

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
};

type Words = {
  /** Local names of the server's fields. */
  readonly names?: Readonly<Record<string, string>>;
  /** What to do, by the refusal's name. */
  readonly hints?: Readonly<Record<string, string>>;
};

/** The failure that `answer` stands for, in the words of the call. */
export function refusalFrom(answer: Answer, origin: string, call: Words): Failure {
  const { names = {}, hints = {} } = call;
  const { status, headers } = answer;
  const problem = problemFrom(answer);
  if (problem === undefined) return strangeAnswer(answer, origin);
  const fields = problem.errors?.map(({ field, detail }) => `${names[field] ?? field} ${detail}`);
  const message = harmless(`${problem.title}: ${fields?.join("; ") ?? problem.detail}`);
  const afterMs = retryAfterMs(headers.get("retry-after"), Date.now());
  // Nobody waits an hour in front of a command.
  const isSoon = afterMs === undefined || afterMs <= longestRetryAfterMs;
  const passing = (status === 429 && isSoon) || status >= 500;
  return new Failure(kindOf(status), message, {
    problem,
    hint: hintFor(problem.type.slice(problemPrefix.length), hints),
    ...(passing && { retry: { afterMs }, ambiguous: status >= 500 }),
  });
}

/** True where `error` is the server's refusal for the reason `name`, as in `unknown-id`. */
export function isRefusal(error: unknown, name: string): boolean {
  return error instanceof Failure && error.details.problem?.type === problemPrefix + name;
}

function problemFrom({ headers, text }: Answer): Problem | undefined {
  if (!headers.get("content-type")?.startsWith("application/problem+json")) return undefined;
  try {
    return v.parse(problemView, JSON.parse(text));
  } catch {
    return undefined;
  }
}

function strangeAnswer({ status, headers }: Answer, origin: string): Failure {
  if (status >= 500) {
    const afterMs = retryAfterMs(headers.get("retry-after"), Date.now());
    const message = `${origin} answered ${status}`;
    return new Failure("unavailable", message, { retry: { afterMs }, ambiguous: true });
  }
  const target = headers.get("location");
  const said = target === null ? `answered ${status}` : `sends elsewhere: ${harmless(target)}`;
  const hint = "This is not how Aviary answers. Check AVIARY_URL.";
  return new Failure(status < 400 ? "unexpected" : "refused", `${origin} ${said}`, { hint });
}

function kindOf(status: number): FailureKind {
  if (status === 409 || status === 412) return "conflict";
  return status >= 500 ? "unavailable" : "refused";
}

function hintFor(name: string, hints: Readonly<Record<string, string>>): string | undefined {
  if (Object.hasOwn(hints, name)) return hints[name];
  switch (name) {
    case "token-missing":
    case "token-unknown":
      return "AVIARY_TOKEN must hold a token of this deployment that was not revoked.";
    case "scope-missing":
    case "other-account":
      return "`aviary status` shows what the token may do; an admin can make another one.";
    case "unknown-engine":
      return "`aviary engine list` shows which there are.";
    case "unknown-flag":
      return "`aviary flag list` shows which there are.";
    case "wrong-state":
    case "parameter-conflict":
      return "`aviary flag list` shows what is under way.";
    case "frozen":
    case "too-many-canaries":
      return "`aviary policy show` shows what holds for all flags, `aviary flag list` what is under way.";
    case "unknown-revision":
      return "The history shows which there are.";
    case "quota-exceeded":
      return "`aviary account show <account>` shows what it has and what it may have.";
    case "account-deleted":
      return "An admin lets it publish again with `aviary account restore`.";
    case "unknown-release":
      return "`aviary snippet history` shows which releases there are.";
    case "release-withdrawn":
      return "`aviary snippet restore` lets it be had again.";
    case "stale-revision":
      return "Somebody changed it since this command began. Look at its history, then try again.";
    case "unknown-path":
      return "This host has no control API. Check AVIARY_URL.";
    default:
      return undefined;
  }
}
