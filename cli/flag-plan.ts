// A flag's plan from options: what the control API takes as one document.
import type { InferInput } from "valibot";
import type { flagPlanBody } from "#src/admin/flag-contract.ts";
import { usageFailure } from "./failure.ts";
import { parseShare } from "./share.ts";

export type FlagPlan = Partial<InferInput<typeof flagPlanBody>>;

const hourMs = 3_600_000;

/** `--set name=value`: values are JSON where they are JSON, else text. */
export function parsePatch(
  settings: readonly string[],
  fields: readonly string[],
): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const setting of settings) {
    const [name, text] = pair("--set", setting);
    if (Object.hasOwn(patch, name)) throw usageFailure(`--set ${name} was given twice`);
    patch[name] = jsonOrText(text);
  }
  if (fields.length === 0) return patch;
  const headers = fields.map((field) => pair("--header", field));
  return { ...patch, headers: Object.fromEntries(headers) as Record<string, string> };
}

/** `name=value` in two. */
export function pair(option: string, text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw usageFailure(`${option} must be name=value; it was ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `0.1%,1%,5%,50%:manual`: shares in order; judged unless it says by hand. */
export function parseStages(text: string): FlagPlan["stages"] {
  return text.split(",").map((part) => {
    const [share = "", mode = "judged", ...rest] = part.trim().split(":");
    if (rest.length > 0 || (mode !== "judged" && mode !== "manual")) {
      throw usageFailure(`--stages: ${part} must be a share, with :judged or :manual behind it`);
    }
    const sharePpm = parseShare("--stages", share);
    return { sharePpm, mode, minTimeMs: hourMs, minViews: 1_000 };
  });
}

/** `name:0-300000,500000-600000`: a layer and the places in it, in ppm. */
export function parseLayer(text: string): FlagPlan["layer"] {
  const [name = "", list = "", ...rest] = text.split(":");
  const ranges = list.split(",").map((range) => /^(\d{1,7})-(\d{1,7})$/.exec(range.trim()));
  if (rest.length > 0 || name === "" || ranges.includes(null)) {
    const rule = "--layer must be a name and places in ppm";
    throw usageFailure(`${rule}; it was ${text}`, "As in checkout:0-300000,500000-600000.");
  }
  return { name, ranges: ranges.map((match) => [Number(match?.[1]), Number(match?.[2])]) };
}
