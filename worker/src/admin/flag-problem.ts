// Refusals about flags, as problem documents.
import type { FlagReject } from "#src/adapters/flag-registry.ts";
import type { ProblemDocument } from "./problem-document.ts";

/** What is refused about flags alone. */
export type FlagRefusal =
  | Exclude<FlagReject, { reason: "unknown_engine" | "unknown_beacon" | "stale_revision" }>
  | { readonly reason: "flags_unknown" }
  | { readonly reason: "no_verdict" };

const flagReasons = {
  unknown_flag: true,
  flag_exists: true,
  definition_exists: true,
  not_own: true,
  key_taken: true,
  revision_missing: true,
  still_live: true,
  required_by: true,
  invalid_audience: true,
  invalid_rollout: true,
  fixed_field: true,
  wrong_state: true,
  invalid_share: true,
  last_stage: true,
  frozen: true,
  too_many_canaries: true,
  duplicate_code: true,
  missing_prerequisite: true,
  circular_prerequisite: true,
  too_many_prerequisites: true,
  parameter_conflict: true,
  layer_overlap: true,
  layer_units_differ: true,
  flags_unknown: true,
  no_verdict: true,
} as const satisfies Record<FlagRefusal["reason"], true>;

export function isFlagRefusal(refusal: { readonly reason: string }): refusal is FlagRefusal {
  return Object.hasOwn(flagReasons, refusal.reason);
}

export function documentForFlag(refusal: FlagRefusal): ProblemDocument {
  switch (refusal.reason) {
    case "unknown_flag":
      return plain(404, "Not found", "There is no such flag.");
    case "flag_exists":
      return {
        ...plain(412, "Flag exists", "A flag of this key exists already."),
        current: refusal.current,
      };
    case "definition_exists":
      return plain(409, "Definition exists", `${refusal.flag} is an imported definition.`);
    case "not_own":
      return notOwn(refusal);
    case "key_taken":
      return plain(409, "Key taken", "A flag of this key exists, which this token cannot see.");
    case "revision_missing":
      return {
        ...plain(
          428,
          "Revision missing",
          `Say which revision the change is made against, as in If-Match: "${refusal.current}".`,
        ),
        current: refusal.current,
      };
    case "still_live":
      return plain(409, "Still in use", `It is ${refusal.state}: roll it back or kill it first.`);
    case "required_by":
      return plain(409, "Required", `It is a prerequisite of ${refusal.flags.join(", ")}.`);
    case "invalid_audience":
      return field(400, "audience", `cannot be compiled: ${refusal.detail}`);
    case "invalid_rollout":
      return {
        title: "Invalid request",
        status: 400,
        detail: refusal.issues.map((each) => `${fieldOf(each)}: ${each.message}`).join("; "),
        errors: refusal.issues.map((each) => ({ field: fieldOf(each), detail: each.message })),
      };
    case "fixed_field":
      return field(
        409,
        refusal.field,
        "cannot change any more: units have been assigned by it. Make another flag",
      );
    case "invalid_share":
      return field(400, "sharePpm", "must be from 1 to 1000000");
    case "no_verdict":
      return plain(404, "No verdict", "No verdict was given on it by then.");
    case "flags_unknown":
      return plain(503, "Flags unknown", "No snapshot has arrived here yet. Try again.");
    case "wrong_state":
    case "last_stage":
    case "frozen":
    case "too_many_canaries":
      return documentForMove(refusal);
    case "duplicate_code":
    case "missing_prerequisite":
    case "circular_prerequisite":
    case "too_many_prerequisites":
    case "parameter_conflict":
    case "layer_overlap":
    case "layer_units_differ":
      return documentForClash(refusal);
  }
}

function notOwn({ field: name, account }: Extract<FlagRefusal, { reason: "not_own" }>) {
  const detail =
    name === "layer"
      ? "is shared by accounts, and the token is bound to one"
      : `must be account ${account} alone, as in {"==": [{"var": "account"}, "${account}"]}: the token is bound to it`;
  return field(403, name, detail);
}

type Move = Extract<
  FlagRefusal,
  { reason: "wrong_state" | "last_stage" | "frozen" | "too_many_canaries" }
>;

function documentForMove(refusal: Move): ProblemDocument {
  switch (refusal.reason) {
    case "wrong_state": {
      const possible = refusal.allowed.join(", ");
      const detail = `A flag that is ${refusal.state} cannot ${refusal.action}; it can: ${possible}.`;
      return plain(409, "Wrong state", detail);
    }
    case "last_stage":
      return plain(409, "Last stage", "It is at its last stage: promote it, or ramp it by hand.");
    case "frozen": {
      const until = new Date(refusal.untilMs).toISOString();
      return plain(409, "Frozen", `Nothing grows until ${until}: a freeze is on.`);
    }
    case "too_many_canaries": {
      const live = refusal.live.join(", ");
      const detail = `At most ${refusal.most} flags may be live at once, and ${live} are.`;
      return plain(409, "Too many canaries", detail);
    }
  }
}

type Clash = Extract<
  FlagRefusal,
  | { reason: "duplicate_code" | "parameter_conflict" | "layer_overlap" | "layer_units_differ" }
  | { reason: "missing_prerequisite" | "circular_prerequisite" | "too_many_prerequisites" }
>;

function documentForClash(refusal: Clash): ProblemDocument {
  switch (refusal.reason) {
    case "duplicate_code":
      return plain(409, "Duplicate code", `${refusal.flag} has the same code.`);
    case "missing_prerequisite":
      return field(409, "prerequisites", `${refusal.flag} is not there, or not under way`);
    case "circular_prerequisite":
      return field(409, "prerequisites", `go round: ${refusal.flags.join(" → ")}`);
    case "too_many_prerequisites":
      return field(409, "prerequisites", `are ${refusal.count}, and ${refusal.most} at most`);
    case "parameter_conflict": {
      const names = refusal.parameters.join(", ");
      const detail = `${names} is already changed by ${refusal.flag}, which is live; put both into one exclusion layer`;
      return field(409, "patch", detail);
    }
    case "layer_overlap":
      return field(409, "layer.ranges", `overlap with those of ${refusal.flag}`);
    case "layer_units_differ":
      return field(409, "unit", `must be that of ${refusal.flag}, in the same layer`);
  }
}

function fieldOf({ path }: { readonly path: string }): string {
  return path === "" ? "body" : path;
}

function plain(status: number, title: string, detail: string): ProblemDocument {
  return { title, status, detail };
}

const titles: Readonly<Record<number, string>> = { 400: "Invalid request", 403: "Forbidden" };

function field(status: number, name: string, detail: string): ProblemDocument {
  const title = titles[status] ?? "Conflict";
  return { title, status, detail: `${name}: ${detail}`, errors: [{ field: name, detail }] };
}
