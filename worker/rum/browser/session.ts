// A session of the customer's making: only where they opted in, and the visitor has not
// asked for privacy. It says nothing but that two views are of one tab.
import { earlyPvId } from "#rum/positions.ts";
import type { BeaconConfig } from "#rum/beacon-config.ts";

const key = "aviary";

/** The session's id: that of its first view; undefined where there is to be none. */
export const sessionOf = ({ session }: BeaconConfig, early: readonly unknown[]): unknown => {
  if (!session || navigator.globalPrivacyControl) return undefined;
  try {
    // Others may write there, too.
    const kept: unknown = sessionStorage[key];
    if (/^[0-9a-f]{32}$/.test(kept as string)) return kept;
    return (sessionStorage[key] = early[earlyPvId]);
  } catch {
    return undefined;
  }
};
