// What is wrong with a document, field by field.
import type { BaseIssue } from "valibot";

/** Where a document breaks its schema: `path` as in `flags.my-flag.state`. */
export type Issue = { readonly path: string; readonly message: string };

const maxIssues = 20;

/** The first twenty of valibot's issues, by the fields that they are about. */
export function issuesOf(issues: readonly BaseIssue<unknown>[]): readonly Issue[] {
  return issues.slice(0, maxIssues).map((issue) => ({
    path: issue.path?.map((item) => String(item.key)).join(".") ?? "",
    message: messageOf(issue),
  }));
}

/** What an issue says; valibot's own words for a name too many are not for people. */
export function messageOf({ message }: BaseIssue<unknown>): string {
  return message.startsWith("Invalid key: Expected never") ? "is not known" : message;
}
