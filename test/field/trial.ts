// The whole trial: what is published, and what pages see of it.
import type { Tab } from "../browsers/browser.ts";
import { startSite, type Site } from "../e2e/site.ts";
import { buildBeacon } from "../../worker/build/beacon.ts";
import { control, startAviary, type Started } from "../harness.ts";
import type { Datafile } from "./datafiles.ts";
import { readNpmFile, type NpmFile } from "./npm-files.ts";
import { differences, tracesOf } from "./page-trial.ts";
import {
  idOf,
  tryDatafile,
  tryScript,
  variants,
  type Tried,
  type TriedScript,
  type Variant,
} from "./publish-trial.ts";

export type Field = {
  readonly tryDatafile: (datafile: Datafile) => Promise<Tried>;
  /** Its faults say what is wrong with any form. @param wanted all variants unless given. */
  readonly tryScript: (script: NpmFile, wanted?: readonly Variant[]) => Promise<TriedScript>;
  /** What a page of this browser sees of a script that it would not see of it alone. */
  readonly compare: (tab: Tab, script: TriedScript) => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
};

/** An Aviary with a beacon, and somebody's site; the caller stops both. */
export async function startField(): Promise<Field> {
  const worker = await startAviary();
  const site = await startSite();
  const body = JSON.stringify(await buildBeacon());
  const published = await control(worker, "/beacons/field", { method: "PUT", body });
  if (!published.ok) throw new Error(await published.text());
  return {
    tryDatafile: async ({ name, read }) => tryDatafile(worker, { name, text: await read() }),
    tryScript: async (script, wanted = variants) => {
      const source = await readNpmFile(script);
      site.serve(alonePath(script.name), new TextDecoder().decode(source));
      return tryScript(worker, { name: script.name, source, wanted });
    },
    compare: (tab, script) => compare(tab, script, { worker, site }),
    stop: async () => {
      await Promise.all([worker.stop(), site.stop()]);
    },
  };
}

type Hosts = { readonly worker: Started; readonly site: Site };

async function compare(
  tab: Tab,
  { name, paths }: TriedScript,
  { worker, site }: Hosts,
): Promise<readonly string[]> {
  const alone = { site, url: site.url + alonePath(name), isMeasured: false };
  let traces = await tracesOf(tab, alone);
  const found: string[] = [];
  for (const [variant, path] of paths) {
    const served = { site, url: worker.url + path, isMeasured: variant === "beacon" };
    const look = async (): Promise<readonly string[]> =>
      differences(traces, await tracesOf(tab, served));
    let seen = await look();
    if (seen.length > 0) {
      // What is different from one visit to the next is not Aviary's.
      traces = await tracesOf(tab, alone);
      const again = new Set(await look());
      seen = seen.filter((difference) => again.has(difference));
    }
    found.push(...seen.map((difference) => `${variant}: ${difference}`));
  }
  return found;
}

const alonePath = (name: string): string => `/alone/${idOf(name)}.js`;
