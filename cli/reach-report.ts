// Whom a flag reaches and how its stages can end, for people: by the traffic of the last day,
// with a warning for each reason why nothing would come of it.
import type { FlagChangedView } from "#src/admin/flag-contract.ts";
import { fewestBuckets } from "#src/admin/verdict-contract.ts";
import { formatSpan, harmless } from "./format.ts";
import { paint } from "./paint.ts";
import { formatShare } from "./share.ts";
import { table } from "./table.ts";
import { wrap } from "./wrap.ts";

type Known = Pick<FlagChangedView, "after" | "reach" | "stagesAhead">;
type Units = NonNullable<NonNullable<FlagChangedView["reach"]>["units"]>;

const plurals: Readonly<Record<string, string>> = {
  account: "accounts",
  snippet: "snippets",
  sdkKey: "SDK keys",
};
const minuteMs = 60_000;
const dayMs = 86_400_000;

/** `2 of 40 accounts: acme, shop`; undefined where that is not known of the unit. */
export function reachText({ after, reach }: Known): string | undefined {
  if (after === null || reach === null || reach.units === null) return undefined;
  const { known, canary, names } = reach.units;
  const more = canary > names.length ? " and more" : "";
  const list = canary === 0 ? "" : `: ${names.map(harmless).join(", ")}${more}`;
  return `${canary} of ${known} ${unitsNamed(after.unit, known)} at ${formatShare(reach.sharePpm)}${list}`;
}

/** Every reason why nothing, or nothing that can be judged, would come of it; a sentence or two each. */
function reachDoubts({ after, reach, stagesAhead }: Known): readonly string[] {
  if (after === null || after.state === "promoted") return [];
  if (reach === null) {
    return [
      "No request came in the last day: whom it reaches, and what its stages can end, is not known.",
    ];
  }
  const share = formatShare(reach.sharePpm);
  const { units, requestsPerMinute, viewsPerMinute } = reach;
  if (units === null && requestsPerMinute === 0) {
    return ["It reaches nobody: no request of the last day is in its audience."];
  }
  if (units !== null) {
    const doubt = doubtOf(units, { unit: after.unit, share });
    if (doubt !== undefined) return [doubt];
  }
  if (viewsPerMinute === 0) {
    return ["Nothing of it is measured: no snippet that it reaches has a beacon."];
  }
  const endless = stagesAhead.find(
    (each) => each.unitsPerDay !== null && each.readyAfterMs === null,
  );
  if (endless === undefined) return [];
  const { needs, sharePpm } = endless;
  return [`At ${formatShare(sharePpm)} it would not get ${count(needs)} units in a year.`];
}

function doubtOf(
  { known, canary, control, leastPpm }: Units,
  { unit, share }: { readonly unit: string; readonly share: string },
): string | undefined {
  const named = unitsNamed(unit, known);
  if (known === 0)
    return `It reaches nobody: no request of the last day in its audience has a ${unit}.`;
  const least =
    leastPpm === null
      ? `No share splits ${known} ${named} into two arms: take a unit of which there are more, as visitor.`
      : `The least share with one of them in each arm is ${formatShare(leastPpm)}.`;
  if (canary === 0) {
    const none = known === 1 ? `the one ${unit}` : `none of the ${known} ${named}`;
    const verb = known === 1 ? "is not" : "is";
    return `It reaches nobody at ${share}: ${none} that had traffic in the last day ${verb} in the canary. ${least}`;
  }
  if (control === 0)
    return `Nothing is compared at ${share}: no ${unit} is in the control. ${least}`;
  const fewest = Math.min(canary, control);
  if (fewest >= fewestBuckets) return undefined;
  return `The judge wants ${fewestBuckets} ${plurals[unit] ?? unit} in each arm, and at ${share} one has ${fewest}: a person must decide.`;
}

/** `the traffic of the last 12 minutes`, `of the last minute`; what it rests on is a day at most. */
export function trafficText(reach: NonNullable<Known["reach"]>, nowMs: number): string {
  const span = formatSpan(Math.min(dayMs, Math.max(minuteMs, nowMs - Date.parse(reach.since))));
  return `the traffic of the last ${span.replace("about ", "").replace(/^1 /, "")}`;
}

/** A table of the stages ahead; empty where there is none. */
export function stagesText({ stagesAhead, reach }: Known, nowMs: number): string {
  if (stagesAhead.length === 0) return "";
  const rows = stagesAhead.map((each) => [
    formatShare(each.sharePpm),
    count(each.needs),
    each.unitsPerDay === null ? "not known" : count(each.unitsPerDay),
    endText(each),
  ]);
  const text = table(["STAGE", "NEEDS UNITS", "GETS A DAY", "CAN END"], rows);
  return reach === null ? text : `${text}\n${paint("dim", `By ${trafficText(reach, nowMs)}.`)}`;
}

function endText({ waitsFor, readyAfterMs, mode }: FlagChangedView["stagesAhead"][number]): string {
  const byHand = mode === "manual" ? ", by hand" : "";
  if (waitsFor === null) return byHand === "" ? "" : "by hand";
  if (readyAfterMs === null) return paint("yellow", "not in sight");
  const what = {
    time: "time comes last",
    units: "units come last",
    proof: "proof of no harm comes last",
    person: mode === "manual" ? "" : "a person is asked, as proof takes longer",
  }[waitsFor];
  return `after ${formatSpan(readyAfterMs)}${byHand}${what === "" ? "" : `: ${what}`}`;
}

/** The doubts as lines of at most `columns`. */
export function doubtsText(known: Known, columns: number, advice: readonly string[] = []): string {
  const text = [...reachDoubts(known), ...advice].join(" ");
  if (text === "") return "";
  return [text]
    .flatMap((doubt) => wrap(doubt, Math.min(columns, 100) - 2))
    .map((line, at) => `${at === 0 ? paint("yellow", "!") : " "} ${line}`)
    .join("\n");
}

function unitsNamed(unit: string, amount: number): string {
  return amount === 1 ? unit : (plurals[unit] ?? `${unit}s`);
}

function count(units: number): string {
  return Math.round(units).toLocaleString("en");
}
