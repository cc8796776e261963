// A flag's arms: how large they are meant to be, and the requests that they got.
import type { InferOutput } from "valibot";
import type { FlagView, flagDetail } from "#src/admin/flag-contract.ts";
import { formatRate, formatShare } from "./share.ts";
import { paint } from "./paint.ts";
import { table, tightTable } from "./table.ts";

type Detail = InferOutput<typeof flagDetail>;
type Counts = Pick<Detail, "counts" | "attempt">;
type Arm = keyof FlagView["arms"];

/** `canary 5 %, control 5 %, rest 90 %`; arms that nobody is in are left out. */
export function armSizesText({ arms }: Pick<FlagView, "arms">): string {
  const parts = (["canary", "control", "rest"] as const).filter((arm) => arms[arm] > 0);
  return parts.map((arm) => `${arm} ${formatShare(arms[arm])}`).join(", ");
}

/**
 * Both arms under trial at the current share, beside one another: sizes, requests, what
 * share of the two each has got and was meant to get, and the rate of the last minutes.
 */
export function armsText(
  { arms, counts, attempt, sharePpm, perMinute }: Detail,
  most = Number.POSITIVE_INFINITY,
): string {
  const current = counts.filter((each) => each.attempt === attempt && each.sharePpm === sharePpm);
  if (arms.control === 0) return paint("dim", "No arms are compared: it is not on trial.");
  const requests = (arm: Arm): number =>
    current.filter((each) => each.arm === arm).reduce((sum, each) => sum + each.requests, 0);
  const got = { canary: requests("canary"), control: requests("control") };
  const both = got.canary + got.control;
  const rows = (["canary", "control"] as const).map((arm) => [
    arm,
    formatShare(arms[arm]),
    got[arm].toLocaleString("en"),
    both === 0 ? "" : percent(got[arm] / both),
    percent(arms[arm] / (arms.canary + arms.control)),
    perMinute === null ? "" : formatRate(perMinute[arm]),
  ]);
  const rest = ["rest", formatShare(arms.rest)];
  const heading = ["ARM", "SIZE", "REQUESTS", "OF BOTH", "MEANT", "A MINUTE"];
  const text = tightTable({
    heading,
    rows: arms.rest === 0 ? rows : [...rows, rest],
    most,
    expendable: ["A MINUTE", "MEANT"],
  });
  return both === 0 ? `${text}\n${paint("dim", "No request was counted yet.")}` : text;
}

/** The requests of all shares that the current attempt has had; empty where there were none. */
export function historyText({ counts, attempt }: Counts): string {
  const rows = counts
    .filter((each) => each.attempt === attempt)
    .map(({ kind, arm, stage, sharePpm, requests }) => [
      String(stage + 1),
      formatShare(sharePpm),
      arm,
      kind,
      requests.toLocaleString("en"),
    ]);
  return rows.length === 0 ? "" : table(["STAGE", "SHARE", "ARM", "KIND", "REQUESTS"], rows);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
