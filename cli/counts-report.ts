// The requests that a flag's arms got.
import type { InferOutput } from "valibot";
import type { flagDetail } from "#src/admin/flag-contract.ts";
import { formatRate, formatShare } from "./share.ts";
import { paint } from "./paint.ts";
import { table } from "./table.ts";

type Detail = Pick<InferOutput<typeof flagDetail>, "counts" | "perMinute" | "attempt">;

/** A table of the current attempt's arms, or a line that says that there is none. */
export function countsText({ counts, perMinute, attempt }: Detail): string {
  const current = counts.filter((each) => each.attempt === attempt);
  if (current.length === 0) return paint("dim", "No request was counted yet.");
  const rows = current.map(({ kind, arm, stage, sharePpm, requests }) => [
    arm,
    kind,
    String(stage + 1),
    formatShare(sharePpm),
    requests.toLocaleString("en"),
    perMinute === null ? "" : formatRate(perMinute[arm]),
  ]);
  return table(["ARM", "KIND", "STAGE", "SHARE", "REQUESTS", "A MINUTE"], rows);
}
