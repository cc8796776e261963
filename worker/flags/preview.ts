// A look at arms that a request is not in: for staff, at any share, also at none.
import { compilePlan, type Plan } from "./plan.ts";
import type { Rollout } from "./rollout.ts";

const arms = ["canary", "control", "rest"] as const;

/** The arms to show, by flag, and until when. */
export type Preview = {
  readonly arms: ReadonlyMap<string, (typeof arms)[number]>;
  /** Ms since the epoch. */
  readonly expiresAtMs: number;
};

const mostArms = 16;

/** The text to sign: `flag=arm,flag=arm;<expiry in seconds, base 36>`. */
export function encodePreview({ arms: shown, expiresAtMs }: Preview): string {
  const list = [...shown].map(([flag, arm]) => `${flag}=${arm}`).join(",");
  return `${list};${Math.ceil(expiresAtMs / 1_000).toString(36)}`;
}

/** What a signed text asks for; undefined where it asks for nothing that there is. */
export function parsePreview(text: string): Preview | undefined {
  const match = /^([^;]+);([0-9a-z]{1,9})$/.exec(text);
  if (match === null) return undefined;
  const pairs = (match[1] ?? "").split(",").map((each) => each.split("="));
  const shown = new Map<string, (typeof arms)[number]>();
  for (const [flag = "", name, ...rest] of pairs) {
    const arm = arms.find((each) => each === name);
    if (flag === "" || arm === undefined || rest.length > 0) return undefined;
    shown.set(flag, arm);
  }
  if (shown.size > mostArms) return undefined;
  return { arms: shown, expiresAtMs: Number.parseInt(match[2] ?? "", 36) * 1_000 };
}

/** A plan in which the flags of the preview are decided, and all others as they are. */
export function applyPreview(rollouts: readonly Rollout[], preview: Preview): Plan {
  const shown: Rollout[] = [];
  for (const rollout of rollouts) {
    const arm = preview.arms.get(rollout.flag);
    if (arm === undefined) shown.push(rollout);
    else if (arm === "canary") shown.push(forEverybody(rollout));
  }
  return compilePlan(shown);
}

function forEverybody(rollout: Rollout): Rollout {
  const { audience: _audience, layer: _layer, ...rest } = rollout;
  return { ...rest, state: "promoted", prerequisites: [] };
}
