// Flags and what a change does to them, for people.
import type { FlagChangedView, FlagView } from "#src/admin/flag-contract.ts";
import { armSizesText } from "./arms-report.ts";
import { details } from "./details.ts";
import { formatAge, harmless } from "./format.ts";
import { paint } from "./paint.ts";
import { doubtsText, reachText, trafficText } from "./reach-report.ts";
import { formatRate, formatShare } from "./share.ts";

type State = FlagView["state"];

const colours = {
  draft: "dim",
  ramping: "green",
  held: "yellow",
  promoted: "cyan",
  rolled_back: "magenta",
  killed: "red",
} as const satisfies Record<State, string>;

/** `ramping`, in the state's colour. */
export function stateText(state: State): string {
  return paint(colours[state], state.replace("_", " "));
}

/** A patch as `name=value`, separated by commas. */
export function patchText(patch: FlagView["patch"]): string {
  const parts = Object.entries(patch).map(([name, value]) => `${name}=${valueText(value)}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

export function valueText(value: unknown): string {
  return harmless(typeof value === "string" ? value : JSON.stringify(value));
}

/** How far a flag has come, in `columns`. */
export function progressText(flag: FlagView, nowMs: number, columns: number): string {
  return details([...progress(flag, nowMs), ["next", flag.actions.join(", ")]], columns);
}

function progress(flag: FlagView, nowMs: number): readonly (readonly [string, string])[] {
  const { state, stale, sharePpm, shareSetAt, unit, stage, stages } = flag;
  const marks = stages.map((each, at) => {
    const text = `${formatShare(each.sharePpm)}${each.mode === "judged" ? "" : " by hand"}`;
    return at === stage ? paint("bold", text) : text;
  });
  const step = stage === null ? "" : `${stage + 1} of ${stages.length}: `;
  const since = sharePpm === 0 ? "" : `, set ${formatAge(shareSetAt, nowMs)}`;
  return [
    ["state", `${stateText(state)}${stale ? paint("yellow", "  stale: clean it up") : ""}`],
    ...flag.ill.map(illRow),
    ["share", `${formatShare(sharePpm)} of its audience, by ${unit}${since}`],
    [stage === null ? "stages" : "stage", step + marks.join(" → ")],
  ];
}

function illRow({ field, detail }: FlagView["ill"][number]): readonly [string, string] {
  return ["ill", paint("red", harmless(`${field} is left out: it ${detail}`))];
}

/** Everything about one flag but its counts. */
export function flagText(flag: FlagView, nowMs: number): string {
  const { patch, audience, layer, prerequisites, holdoutPpm } = flag;
  const ranges = layer?.ranges.map(([from, to]) => `${from}–${to}`).join(", ");
  return details([
    ...progress(flag, nowMs),
    ["changes", patchText(patch)],
    ["audience", audience === null ? "everybody" : harmless(JSON.stringify(audience))],
    ["hold-out", formatShare(holdoutPpm)],
    ...(layer === null ? [] : [["layer", `${layer.name}, places ${ranges}`] as const]),
    ...(prerequisites.length === 0 ? [] : [["needs", prerequisites.join(", ")] as const]),
    ["revision", `${flag.revision}, attempt ${flag.attempt}, ${formatAge(flag.changedAt, nowMs)}`],
    ["next", flag.actions.join(", ")],
  ]);
}

/** What a change does, or would do, in `most` columns. */
export function changeText(
  changed: FlagChangedView,
  nowMs: number,
  most = Number.POSITIVE_INFINITY,
): string {
  const { before, after } = changed;
  if (after === null) return details([["deleted", before?.key ?? ""]]);
  const rows: (readonly [string, string])[] = [];
  const was = before?.state ?? "draft";
  const moved =
    was === after.state ? stateText(was) : `${stateText(was)} → ${stateText(after.state)}`;
  rows.push(["state", moved]);
  const [from, to] = [formatShare(before?.sharePpm ?? 0), formatShare(after.sharePpm)];
  rows.push(["share", from === to ? to : `${from} → ${to}, by ${after.unit}`]);
  rows.push(["changes", patchText(after.patch)]);
  rows.push(["arms", armSizesText(after)]);
  if (after.sharePpm === 0) return details(rows, most);
  rows.push(["traffic", rateText(changed, nowMs)]);
  const reached = reachText(changed);
  if (reached !== undefined) rows.push(["reaches", reached]);
  const doubts = changed.reach === null ? "" : doubtsText(changed, most);
  return doubts === "" ? details(rows, most) : `${details(rows, most)}\n${doubts}`;
}

function rateText(changed: FlagChangedView, nowMs: number): string {
  const { requestsPerMinute: rate, reach } = changed;
  if (rate === null) return "not known: nothing was counted in the last day";
  const { canary, basis } = rate;
  const amount = `${formatRate(canary)} requests a minute get the change`;
  if (basis === "measured") return `about ${amount}`;
  const by = reach === null ? "" : `, by ${trafficText(reach, nowMs)}`;
  return `${basis === "seen" ? "about" : "at most"} ${amount}${by}`;
}
