// A beacon as it arrives: two texts, each checked as it will stand. The early part
// becomes statements inside a fence, the collector a script of its own or, where it is
// inlined, statements as well.
import { err, ok, type Result } from "#base/result.ts";
import { fenced } from "./compose.ts";
import { prepareEngine, type EngineReject } from "./prepare-engine.ts";

/** The two parts of a beacon, as text. */
export type BeaconTexts = { readonly early: string; readonly collector: string };

/** `too_deep`: a fence only holds what is known to parse, and this could not be checked. */
export type BeaconReject = (EngineReject | { readonly reason: "too_deep" }) & {
  readonly field: keyof BeaconTexts;
};

/** Checks both parts; what is only for files of their own is cut out, as of engines. */
export function prepareBeacon(texts: BeaconTexts): Result<BeaconTexts, BeaconReject> {
  const early = prepare("early", texts.early);
  if (!early.ok) return early;
  const collector = prepare("collector", texts.collector);
  return collector.ok ? ok({ early: early.value, collector: collector.value }) : collector;
}

function prepare(field: keyof BeaconTexts, text: string): Result<string, BeaconReject> {
  const alone = prepareEngine(text);
  if (!alone.ok) return err({ ...alone.error, field });
  const inside = prepareEngine(fenced(alone.value.code));
  if (!inside.ok) return err({ ...inside.error, field });
  return inside.value.isChecked ? ok(alone.value.code) : err({ reason: "too_deep", field });
}
