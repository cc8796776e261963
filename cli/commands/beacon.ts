// aviary beacon: versions of what measures page views, and who is measured with it.
import { beaconLimits } from "#src/admin/beacon-contract.ts";
import { defineAction, type Action, type Group } from "../action.ts";
import { checkId, checkRate, checkVersion } from "../checks.ts";
import { details, headline, missingRows } from "../details.ts";
import { formatAge, formatBytes, formatLimit, formatTime } from "../format.ts";
import { readInput } from "../input-file.ts";
import { paint } from "../paint.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";

type Api = Session["api"]["beacons"];
type Beacon = Awaited<ReturnType<Api["show"]>>;
type Policy = Awaited<ReturnType<Api["policy"]>>;

const version = { type: "positional", required: true, description: "Its version" } as const;
const script = (description: string) =>
  ({ type: "positional", required: true, description }) as const;

const publish = defineAction({
  description: "Publish a version of the beacon",
  args: {
    version,
    early: script("The early part, which goes inside every snippet"),
    collector: script(
      `The collector, a script of its own; both together at most ${formatLimit(beaconLimits.beacon)}`,
    ),
  },
  examples: ["aviary beacon publish 1.0.0 ./dist/beacon/early.js ./dist/beacon/collector.js"],
  remarks: [
    "A version never changes: other bytes under the same version end with exit code 4. Publishing one changes no snippet; a flag that sets `beacon`, or `aviary snippet publish … --beacon <version>`, does.",
  ],
  async run({ values, session }) {
    const wanted = checkVersion("<version>", values.version);
    const { api, stdin } = session;
    const read = async (path: string, argument: string): Promise<string> => {
      const input = { path, argument, limit: beaconLimits.beacon, stdin };
      return new TextDecoder().decode(await readInput(input));
    };
    const early = await read(values.early, "<early>");
    const collector = await read(values.collector, "<collector>");
    const before = await api.beacons.find(wanted);
    const published = await api.beacons.publish(wanted, { early, collector });
    // After a lost answer the server calls the second attempt no change.
    const document = { ...published, changed: before === null };
    const title = headline({
      changed: document.changed,
      subject: `beacon ${wanted}`,
      did: "is published",
      already: "was published before, with the same bytes",
    });
    const missing = details(missingRows(document.missingCodings));
    const text = [title, beaconText(document, session), missing].filter(Boolean).join("\n");
    return { json: document, text };
  },
});

const list = defineAction({
  description: "List the beacons, newest first",
  args: {},
  examples: ["aviary beacon list"],
  async run({ session }) {
    const beacons = await session.api.beacons.list();
    if (beacons.length === 0) return { json: { beacons }, text: "No beacon was published yet." };
    const rows = beacons.map(({ version: each, publishedAt, early, collector }) => [
      each,
      formatTime(publishedAt),
      formatAge(publishedAt, session.nowMs),
      formatBytes(early.bytes),
      formatBytes(collector.bytes),
    ]);
    const heading = ["VERSION", "PUBLISHED", "", "EARLY", "COLLECTOR"];
    return { json: { beacons }, text: table(heading, rows) };
  },
});

const show = defineAction({
  description: "Show a beacon",
  args: { version },
  examples: ["aviary beacon show 1.0.0"],
  async run({ values, session }) {
    const wanted = checkVersion("<version>", values.version);
    const shown = await session.api.beacons.show(wanted);
    return { json: shown, text: beaconText(shown, session) };
  },
});

const use = defineAction({
  description: "Choose the beacon of snippets that nobody has chosen one for",
  args: {
    version: { ...version, description: "A version, or off for none" },
    "sample-rate": {
      type: "string",
      valueHint: "n",
      description: "One page view in so many is measured; as it is unless given",
    },
  },
  examples: ["aviary beacon use 1.0.0 --sample-rate 10", "aviary beacon use off"],
  remarks: [
    "Snippets take it when they are next published. To bring a version to those that are there, put it behind a flag: `aviary flag create … --set beacon=1.0.0`.",
  ],
  async run({ values, session }) {
    const wanted = checkVersion("<version>", values.version);
    const rate = values["sample-rate"];
    return change(session, (policy) => ({
      ...policy,
      current: wanted === "off" ? null : wanted,
      ...(rate !== undefined && { sampleRate: checkRate("--sample-rate", rate) }),
    }));
  },
});

const mute = muting("mute", "Measure none of an account's pages, whatever flags say", (all, one) =>
  all.includes(one) ? all : [...all, one],
);
const unmute = muting("unmute", "Measure an account's pages again", (all, one) =>
  all.filter((each) => each !== one),
);

function muting(
  name: string,
  description: string,
  next: (muted: readonly string[], account: string) => readonly string[],
): Action {
  return defineAction({
    description,
    args: { account: { type: "positional", required: true, description: "The account" } },
    examples: [`aviary beacon ${name} acme`],
    remarks: ["Seen everywhere within ten seconds."],
    async run({ values, session }) {
      const account = checkId("<account>", values.account);
      return change(session, (policy) => ({
        ...policy,
        mutedAccounts: [...next(policy.mutedAccounts, account)],
      }));
    },
  });
}

async function change(
  { api }: Session,
  next: (policy: Omit<Policy, "revision">) => Omit<Policy, "revision">,
) {
  const before = await api.beacons.policy();
  const { revision: _, ...rest } = before;
  const policy = await api.beacons.setPolicy(next(rest), before);
  const { current, sampleRate, mutedAccounts } = policy;
  const rows = details([
    ["in use", current ?? "none"],
    ["sample rate", `1 in ${sampleRate}`],
    ["muted", mutedAccounts.length === 0 ? "nobody" : mutedAccounts.join(", ")],
  ]);
  return { json: policy, text: `${paint("green", "✔")} it is set\n${rows}` };
}

function beaconText({ early, collector, publishedAt }: Beacon, session: Session): string {
  return details([
    ["published", `${formatTime(publishedAt)} (${formatAge(publishedAt, session.nowMs)})`],
    ["early", `${formatBytes(early.bytes)}, ${early.sha256}`],
    ["collector", `${formatBytes(collector.bytes)}, ${collector.sha256}`],
    ["URL", paint("cyan", session.settings.cdnOrigin + collector.path)],
  ]);
}

export const beacon: Group = {
  meta: { name: "beacon", description: "Publish beacons, and choose who is measured" },
  subCommands: { publish, list, show, use, mute, unmute },
};
