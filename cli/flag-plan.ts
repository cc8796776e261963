// A flag's plan from options: what the control API takes as one document.
import { is, type InferInput } from "valibot";
import { flagParameters, type flagPlanBody } from "#src/admin/flag-contract.ts";
import { usageFailure } from "./failure.ts";
import { parseShare } from "./share.ts";

export type FlagPlan = Partial<InferInput<typeof flagPlanBody>>;

/** What `--set name=value` and `--header name=value` say; nothing is checked that the server checks. */
export function parsePatch(
  settings: readonly string[],
  fields: readonly string[],
): Record<string, unknown> {
  const patch = pairs("--set", settings).map(([name, text]) => [name, valueOf(name, text)]);
  const headers = pairs("--header", fields);
  if (headers.length === 0) return Object.fromEntries(patch) as Record<string, unknown>;
  if (patch.some(([name]) => name === "headers")) {
    throw usageFailure("--set headers and --header exclude each other");
  }
  return Object.fromEntries([...patch, ["headers", Object.fromEntries(headers)]]) as Record<
    string,
    unknown
  >;
}

/** Each `name=value` in two. Throws a usage failure for a name that comes twice. */
export function pairs(
  option: string,
  texts: readonly string[],
): readonly (readonly [name: string, value: string])[] {
  const split = texts.map((text) => pair(option, text));
  const names = split.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw usageFailure(`${option} ${twice} was given twice`);
  return split;
}

function pair(option: string, text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw usageFailure(`${option} must be name=value; it was ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** JSON where the parameter takes it, else text where it takes that: an engine 7 is no number. */
function valueOf(name: string, text: string): unknown {
  const json = parseJson(text);
  if (json === undefined) return text;
  const schema = Object.hasOwn(flagParameters, name) ? flagParameters[name]?.schema : undefined;
  return schema !== undefined && !is(schema, json) && is(schema, text) ? text : json;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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
    return { sharePpm, mode };
  });
}

/** `name={…}` or `name=off`: guardrails to change, each with its fields or null for none. */
export function parseGuardrails(texts: readonly string[]): Record<string, unknown> {
  const entries = pairs("--guardrail", texts).map(([name, text]) => {
    if (text === "off") return [name, null] as const;
    const fields = parseJson(text);
    if (typeof fields === "object" && fields !== null) return [name, fields] as const;
    throw usageFailure(
      `--guardrail ${name} must be a JSON object or off; it was ${text}`,
      `As in --guardrail '${name}={"margin":0.05}'.`,
    );
  });
  return Object.fromEntries(entries);
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
