// aviary account: what accounts have, what they may have, and their end.
import type { AccountView } from "#src/admin/account-contract.ts";
import type { Quotas } from "../account-api.ts";
import { defineAction, type Group } from "../action.ts";
import { checkId } from "../checks.ts";
import { details, headline } from "../details.ts";
import { usageFailure } from "../failure.ts";
import { counted, formatAge, formatBytes, formatTime } from "../format.ts";
import { paint } from "../paint.ts";
import { table } from "../table.ts";
import { removalOptions, removeAsAgreed } from "./removal.ts";

const account = { type: "positional", required: true, description: "The account's id" } as const;
const { why } = removalOptions;

const list = defineAction({
  description: "List the accounts by name, deleted ones too",
  args: {},
  examples: ["aviary account list"],
  async run({ session }) {
    const accounts = await session.api.accounts.list();
    if (accounts.length === 0) return { json: { accounts }, text: "There is no account yet." };
    const rows = accounts.map(({ account: name, since, deletedAt }) => [
      name,
      since === null ? "long ago" : formatTime(since),
      stateOf(deletedAt, session.nowMs),
    ]);
    return { json: { accounts }, text: table(["ACCOUNT", "SINCE", "STATE"], rows) };
  },
});

const show = defineAction({
  description: "Show what an account has, and what it may have",
  args: { account },
  examples: ["aviary account show acme"],
  remarks: [
    "An account begins with the first id that is published for it. Bytes are those of all its revisions in every coding, each artifact once.",
  ],
  async run({ values, session }) {
    const view = await session.api.accounts.show(checkId("<account>", values.account));
    return { json: view, text: accountText(view, session.nowMs) };
  },
});

const quotaOptions = {
  ids: { type: "string", valueHint: "n", description: "Snippets and datafiles together" },
  bytes: { type: "string", valueHint: "n", description: "Bytes of all revisions, as in 500MB" },
  "publishes-per-hour": { type: "string", valueHint: "n", description: "Publishes in any hour" },
} as const;

const quota = defineAction({
  description: "Set what an account may have",
  args: { account, ...quotaOptions, why },
  examples: [
    "aviary account quota acme --ids 5000",
    "aviary account quota acme --bytes 20GB --publishes-per-hour 2000",
    "aviary account quota acme --ids usual",
  ],
  remarks: [
    "What is left out stays; usual goes back to what holds for all accounts. What an account has already is never taken away by a quota.",
  ],
  async run({ values, session }) {
    const publishes = values["publishes-per-hour"];
    const quotas: Quotas = {
      ...(values.ids !== undefined && { ids: parseQuota("--ids", values.ids) }),
      ...(values.bytes !== undefined && { bytes: parseQuota("--bytes", values.bytes) }),
      ...(publishes !== undefined && {
        publishesPerHour: parseQuota("--publishes-per-hour", publishes),
      }),
    };
    if (Object.keys(quotas).length === 0) {
      throw usageFailure("name a quota: --ids, --bytes or --publishes-per-hour");
    }
    const name = checkId("<account>", values.account);
    const view = await session.api.accounts.setQuotas(name, quotas, values.why ?? "");
    const title = `${paint("green", "✔")} the quotas of account ${paint("bold", name)} are set`;
    return { json: view, text: `${title}\n${rowsOf(view)}` };
  },
});

/** Deleted ids that edges are told of together; of the rest they learn from KV. */
const atOnce = 200;

const remove = defineAction({
  description: "Delete an account with all its ids, and revoke its tokens",
  args: { account, ...removalOptions },
  examples: ["aviary account delete acme", "aviary account delete acme --yes --why 'has left'"],
  remarks: [
    `Its URLs answer 410 within ten seconds; beyond ${atOnce} ids at once, the rest within a minute. Its ids stay its own: no other account gets them. Nothing can be published for it until \`aviary account restore\`.`,
  ],
  async run({ values, session }) {
    const { accounts } = session.api;
    const before = await accounts.show(checkId("<account>", values.account));
    const { account: name, snippets, datafiles } = before;
    return removeAsAgreed({
      values,
      session,
      foretold:
        before.deletedAt === null
          ? `Account ${name} will be deleted, with ${idsText(before)} and all their revisions; its tokens will be revoked.`
          : `Account ${name} is deleted already: ${formatTime(before.deletedAt)}.`,
      json: before,
      carryOut: async (reason) => {
        const done = await accounts.remove(name, reason);
        // After a lost answer the server calls the second attempt no change.
        const ids = Math.max(done.ids, snippets + datafiles);
        const changed = before.deletedAt === null;
        const title = headline({
          changed,
          subject: `account ${name}`,
          did: `is deleted, with ${counted(ids, "id")}`,
          already: "was deleted before",
        });
        const within = ids > atOnce ? `10 s, beyond ${atOnce} of them within a minute` : "10 s";
        const text = `Their URLs answer 410 everywhere within ${within}.`;
        return {
          json: { ...done, ids, changed },
          text: ids === 0 ? title : `${title}\n  ${paint("dim", text)}`,
        };
      },
    });
  },
});

const restore = defineAction({
  description: "Let a deleted account publish again; its ids stay deleted",
  args: { account, why },
  examples: ["aviary account restore acme"],
  async run({ values, session }) {
    const name = checkId("<account>", values.account);
    const view = await session.api.accounts.restore(name, values.why ?? "");
    const title = `${paint("green", "✔")} account ${paint("bold", name)} can publish again`;
    return { json: view, text: `${title}\n${rowsOf(view)}` };
  },
});

function accountText(view: AccountView, nowMs: number): string {
  const title = `${paint("bold", `account ${view.account}`)} is ${stateOf(view.deletedAt, nowMs)}`;
  return `${title}\n${rowsOf(view)}`;
}

function rowsOf(view: AccountView): string {
  const { snippets, datafiles, bytes, publishesLastHour, quotas, ownQuotas } = view;
  const limit = (name: keyof typeof quotas, text: string): string =>
    ownQuotas[name] === undefined ? text : `${text}, a quota of its own`;
  const ids = limit("ids", `${snippets + datafiles} of ${quotas.ids}`);
  const publishes = limit("publishesPerHour", `${publishesLastHour} of ${quotas.publishesPerHour}`);
  return details([
    ["ids", `${ids}: ${idsText(view)}`],
    ["bytes", limit("bytes", `${formatBytes(bytes)} of ${formatBytes(quotas.bytes)}`)],
    ["publishes in the last hour", publishes],
  ]);
}

function idsText({ snippets, datafiles }: AccountView): string {
  return `${counted(snippets, "snippet")} and ${counted(datafiles, "datafile")}`;
}

function stateOf(deletedAt: string | null, nowMs: number): string {
  if (deletedAt === null) return paint("green", "live");
  return paint("red", `deleted ${formatAge(deletedAt, nowMs)}`);
}

const units: Readonly<Record<string, number>> = { "": 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

function parseQuota(name: string, text: string): number | null {
  if (text === "usual") return null;
  const [, digits, unit = ""] = /^(\d{1,15})(|kB|MB|GB|TB)$/.exec(text) ?? [];
  const value = Number(digits) * (units[unit] ?? Number.NaN);
  if (value <= 1e15 && (unit === "" || name === "--bytes")) return value;
  const rule = name === "--bytes" ? ", as in 500MB or 20GB," : "";
  throw usageFailure(`${name} must be a whole number${rule} or usual; it was ${text}`);
}

export const accountGroup: Group = {
  meta: { name: "account", description: "Show, limit and delete accounts" },
  subCommands: { list, show, quota, delete: remove, restore },
};
