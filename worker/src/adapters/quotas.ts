// The quotas of accounts that have none of their own, as the environment sets them.
import type { QuotaName, Quotas } from "#src/delivery/quota.ts";
import type { Report } from "./report.ts";

export type QuotaEnv = {
  /** Snippets and datafiles that an account may have. */
  readonly QUOTA_IDS?: string;
  /** Bytes that its revisions may hold, in every coding. */
  readonly QUOTA_BYTES?: string;
  readonly QUOTA_PUBLISHES_PER_HOUR?: string;
};

const usual: Quotas = { ids: 1_000, bytes: 10_000_000_000, publishesPerHour: 1_000 };

const variables: Readonly<Record<QuotaName, keyof QuotaEnv>> = {
  ids: "QUOTA_IDS",
  bytes: "QUOTA_BYTES",
  publishesPerHour: "QUOTA_PUBLISHES_PER_HOUR",
};

const rule = "must be a whole number of at most 15 digits";

/** What holds where nothing else was set; a variable that is no number is reported and left out. */
export function quotasFrom(env: QuotaEnv, report: Report): Quotas {
  const quotas = { ...usual };
  const problems: string[] = [];
  for (const name of Object.keys(variables) as QuotaName[]) {
    const { [variables[name]]: text = "" } = env;
    if (/^\d{1,15}$/.test(text)) quotas[name] = Number(text);
    else if (text !== "") problems.push(`${variables[name]} ${rule}`);
  }
  if (problems.length > 0) report("environment_unusable", { problems });
  return quotas;
}
