// Verdicts, for people: what is decided, why, and every guardrail with its evidence.
import type { GuardrailsView, VerdictView } from "#src/admin/verdict-contract.ts";
import { details } from "./details.ts";
import { formatSpan, formatTime, harmless } from "./format.ts";
import { paint } from "./paint.ts";
import { formatShare } from "./share.ts";
import { table, tightTable } from "./table.ts";

type Guardrail = VerdictView["guardrails"][number];

const colours = { advance: "green", hold: "yellow", rollback: "red" } as const;
const words = { advance: "go on", hold: "wait", rollback: "go back" } as const;
const barLength = 10;

/** The verdict with its reasons, and the guardrails below it, in `most` columns. */
export function verdictText(
  verdict: VerdictView,
  nowMs: number,
  most = Number.POSITIVE_INFINITY,
): string {
  const { guardrails } = verdict;
  const rows = guardrails.map((each) => [
    each.name,
    each.role,
    each.units.canary === 0 ? "" : level(each.levels.canary),
    each.units.control === 0 ? "" : level(each.levels.control),
    percent(each.change),
    intervalText(each.interval),
    evidenceBar(each),
    saysText(each),
  ]);
  const heading = ["GUARDRAIL", "ROLE", "CANARY", "CONTROL", "CHANGE", "95 %", "HARM", "SAYS"];
  const about = details(decision(verdict, nowMs), most);
  if (rows.length === 0) return about;
  const expendable = ["95 %", "ROLE", "CONTROL", "CANARY", "HARM", "CHANGE"];
  return `${about}\n\n${tightTable({ heading, rows, most, expendable })}`;
}

function decision(verdict: VerdictView, nowMs: number): readonly Pair[] {
  const { action, reasons, units, sampleRatio, isReproduced } = verdict;
  const [first, ...others] = reasons.map(({ detail }) => harmless(detail));
  const isSplitWell = sampleRatio.lnE < sampleRatio.lnThreshold;
  const split = isSplitWell ? "as planned" : paint("red", "not as planned");
  const said = isOver(verdict) ? paint("dim", "none") : paint(colours[action], words[action]);
  return [
    ["verdict", `${said}  ${first ?? ""}`],
    ...others.map((each) => ["", each] as const),
    ...last(verdict),
    ["stage", stageText(verdict)],
    ["units", `${count(units.canary)} canary, ${count(units.control)} control; split ${split}`],
    ...toldText(verdict),
    ...carriedOut(verdict),
    ...expected(verdict, nowMs),
    ...(isReproduced === null
      ? []
      : [
          [
            "computed again",
            isReproduced
              ? "the same verdict"
              : paint("red", "another verdict: the judge has changed since"),
          ] as const,
        ]),
  ];
}

/** Nothing is on trial any more: what is said of it now is not what ended it. */
function isOver({ reasons }: VerdictView): boolean {
  return reasons[0]?.reason === "not_live";
}

function last(verdict: VerdictView): readonly Pair[] {
  const { latest, attempt } = verdict;
  if (!isOver(verdict) || latest?.attempt !== attempt) return [];
  const { at, action, reasons } = latest;
  const why = harmless(reasons[0]?.detail ?? "");
  return [["the last", `${words[action]}  at ${formatTime(at)}: ${why}`]];
}

function stageText({ stage, stages, sharePpm, attempt }: VerdictView): string {
  const at = stage === null ? "none" : `${stage + 1} of ${stages}`;
  return `${at}, at ${formatShare(sharePpm)}, attempt ${attempt}`;
}

type Pair = readonly [name: string, value: string];

/** How much of the audience is judged: browsers that tell no arms are in neither. */
function toldText({ told }: VerdictView): readonly Pair[] {
  if (told === null) return [];
  const { token, inferred, nothing } = told;
  const all = token + inferred + nothing;
  if (all === 0) return [];
  const share = (views: number): string => `${shareText(views / all)} of page views`;
  const inferredText = inferred === 0 ? "" : `, the edge worked out those of ${share(inferred)}`;
  return [["arms", `${share(nothing)} told none${inferredText}`]];
}

function shareText(share: number): string {
  return new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 })
    .format(share)
    .replace("%", " %");
}

function carriedOut({ outcome, isAutomatic, notices }: VerdictView): readonly Pair[] {
  const pairs: Pair[] = [];
  if (isAutomatic === false) pairs.push(["judge", "only advises"]);
  if (outcome?.outcome === "done") pairs.push(["done", `since epoch ${outcome.epoch ?? ""}`]);
  if (outcome?.outcome === "refused") pairs.push(["refused", harmless(outcome.why ?? "")]);
  if (outcome?.outcome === "advised") pairs.push(["done", "nothing: it only advised"]);
  if (notices !== null && notices.failed > 0) {
    pairs.push(["notices", paint("red", `${notices.failed} reached nobody`)]);
  }
  return pairs;
}

function expected(verdict: VerdictView, nowMs: number): readonly Pair[] {
  const { goesBack, action, isAutomatic } = verdict;
  if (action !== "hold" || isAutomatic === null || isOver(verdict)) return [];
  const pairs: Pair[] = [["goes on", onText(verdict.goesOn, nowMs)]];
  if (goesBack?.at != null) {
    const { guardrail, at } = goesBack;
    pairs.push(["goes back", `${inTime(at, nowMs)}, if ${guardrail} goes on as it does`]);
  }
  return pairs;
}

const lasts = { time: "its time", units: "units", proof: "proof of no harm", person: "" } as const;
const missing = {
  time: "it is frozen",
  units: "no units come",
  proof: "harm is not ruled out by what comes",
  person: "units or proof of no harm will be missing",
} as const;

/** What comes first and last of all that it waits for: time, units, proof, a person. */
function onText({ waitsFor, at, byHand, askedAt }: VerdictView["goesOn"], nowMs: number): string {
  const asked = askedAt === null ? "" : `; a person is asked ${inTime(askedAt, nowMs)}`;
  if (at === null) return `not in sight at this rate: ${missing[waitsFor]}${asked}`;
  const said = lasts[waitsFor] === "" ? "" : `: ${lasts[waitsFor]} comes last`;
  const verb = said.replace("units comes", "units come");
  if (!byHand) return `by itself ${inTime(at, nowMs)}${verb}${asked}`;
  const isReady = Date.parse(at) <= nowMs;
  return isReady ? "by hand: all is there" : `by hand, ready ${inTime(at, nowMs)}${verb}${asked}`;
}

/** `in 12 minutes, at …`: rounded up, since it is a guess. */
function inTime(at: string, nowMs: number): string {
  const ms = Date.parse(at) - nowMs;
  if (ms <= 0) return "at the next look";
  const about = ms < 120_000 ? `${Math.ceil(ms / 1_000)} seconds` : formatSpan(ms);
  return `in ${about}, at ${formatTime(at)}`;
}

/** How much of the evidence that shows harm there is; empty where it speaks for the canary. */
function evidenceBar({ lnE, lnThreshold, isHarmed }: Guardrail): string {
  const part = Math.max(0, Math.min(1, lnE / lnThreshold));
  const full = isHarmed ? barLength : Math.min(barLength - 1, Math.floor(part * barLength));
  const bar = "█".repeat(full) + "░".repeat(barLength - full);
  return isHarmed ? paint("red", bar) : bar;
}

function saysText({ isHarmed, isUnharmed, isAnecdote, role, units }: Guardrail): string {
  if (isHarmed) return paint("red", "harmed");
  if (isUnharmed) return paint("green", "unharmed");
  if (units.canary === 0 || units.control === 0) return paint("dim", "nothing yet");
  if (isAnecdote) return "few witnesses";
  return role === "primary" ? "open" : paint("dim", "no harm seen");
}

function intervalText(interval: Guardrail["interval"]): string {
  if (interval === null) return "";
  return `${percent(interval.lower)} … ${percent(interval.upper)}`;
}

const mostPercent = 10;

/** `+48 %`; an interval without an end in sight is `more`. */
function percent(change: number | null): string {
  if (change === null) return "";
  if (change > mostPercent) return "more";
  const value = change * 100;
  const digits = Math.abs(value) < 10 ? 1 : 0;
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 ? "−" : "+"}${text} %`;
}

function level(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 5 });
}

function count(units: number): string {
  return Math.round(units).toLocaleString("en");
}

/** What a flag is judged by. */
export function guardrailsText({ guardrails, seenIn, ...policy }: GuardrailsView): string {
  const rows = guardrails.map(({ name, role, measure, worse, margin, against, weight }) => [
    name,
    role,
    measureText(measure),
    worse === "higher" ? "more" : "less",
    margin === 0 ? "none" : percent(margin),
    against,
    String(weight),
  ]);
  const heading = ["GUARDRAIL", "ROLE", "MEASURES", "HARM IS", "TOLERATED", "AGAINST", "WEIGHT"];
  const about = details([
    ["seen in", seenIn === "snippet" ? "pages" : "answers to SDKs"],
    ["judge", policy.automatic ? "acts" : "only advises"],
    ["false alarms", `at most ${policy.alpha * 100} % of harmless ramps are taken back`],
    ["needs", `${count(policy.minViews)} canary units a stage`],
    ["asks a person", `after ${hours(policy.maxStageMs)} undecided`],
    ["last stage", `${hours(policy.bakeMs)} at least`],
  ]);
  return `${about}\n\n${table(heading, rows)}`;
}

function measureText(measure: GuardrailsView["guardrails"][number]["measure"]): string {
  switch (measure.kind) {
    case "quantile":
      return `p${measure.p * 100} of ${measure.column}`;
    case "mean":
      return `mean of ${measure.column}`;
    case "rate":
    case "share":
      return `${measure.kind} of ${conditionText(measure.of)}`;
    case "arrivals":
      return "pages that speak at all";
  }
}

type Condition = Extract<
  GuardrailsView["guardrails"][number]["measure"],
  { kind: "rate" | "share" }
>["of"];

function conditionText({ column, is, above, below }: Condition): string {
  if (is !== undefined) return `${column} = ${String(is)}`;
  return above === undefined ? `${column} < ${below}` : `${column} > ${above}`;
}

function hours(ms: number): string {
  if (ms < 60_000) return `${ms / 1_000} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
