// What npm start says of the events that came: one line that is kept up to date, on a
// terminal; every event as a line of its own where that was asked for; else nothing.
import type { SeenEvent } from "./seen-events.ts";

export type Output = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
};

const quiet = new Set(["delivery", "pipeline"]);
const names = ["event.kind", "stitch.state", "snippet.id", "lcp.value", "inp.value", "cls.value"];

/** A function that tells of events as they come. */
export function eventLines(
  output: Output,
  { everyEvent, clock }: { readonly everyEvent: boolean; readonly clock: () => Date },
): (events: readonly SeenEvent[]) => void {
  if (everyEvent) return (events) => events.forEach((event) => output.write(`${lineOf(event)}\n`));
  if (output.isTTY !== true) return () => undefined;
  const counts = new Map<string, number>();
  let latest: SeenEvent | undefined;
  return (events) => {
    for (const event of events) {
      const kind = String(event["event.kind"]);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (!quiet.has(kind)) latest = event;
    }
    const sums = [...counts].map(([kind, count]) => `${count} ${nameOf(kind, count)}`);
    const time = clock().toTimeString().slice(0, 8);
    const text = `  ${time}  events: ${sums.join(", ")}${latest ? `; last ${briefly(latest)}` : ""}`;
    // The last column is left alone: some terminals wrap once it is written.
    const room = (output.columns || 80) - 1;
    const line = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    output.write(`\r\u001B[2K${line}`);
  };
}

/** One event on one line. */
function lineOf(event: SeenEvent): string {
  return `  event ${String(event["event.id"])}  ${told(event, names).join("  ")}`;
}

function nameOf(kind: string, count: number): string {
  const name = kind.replaceAll("_", " ");
  return name.endsWith("view") && count !== 1 ? `${name}s` : name;
}

function briefly(event: SeenEvent): string {
  const ids = told(event, ["snippet.id", "stitch.state"]).map((each) => each.replace(/^.*?=/, ""));
  const values = told(event, ["lcp.value", "inp.value", "cls.value"]);
  return [...ids, ...values.map((each) => each.replace(".value=", " "))].join(" ");
}

function told(event: SeenEvent, wanted: readonly string[]): readonly string[] {
  return wanted.flatMap((name) => {
    const value = event[name];
    const isPlain = typeof value === "string" || typeof value === "number";
    return isPlain ? [`${name}=${value}`] : [];
  });
}
