// What a publish is at, told as it goes: whoever publishes 5 MB waits for many seconds.
import type { Coding } from "./representation.ts";

/** What begins now. */
export type PublishStep =
  | { readonly step: "checking" | "storing" }
  | { readonly step: "compressing"; readonly coding: Coding };

/** Tells somebody; resolves once it is on its way. */
export type Told = (step: PublishStep) => Promise<void>;

/** Tells whoever wants to know; nobody is waited for in vain, and a listener that is gone stops nothing. */
export async function tell(told: Told | undefined, step: PublishStep): Promise<void> {
  await told?.(step).catch(() => undefined);
}
