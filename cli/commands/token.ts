// aviary token: who may use the control API. The token itself is shown once.
import * as v from "valibot";
import {
  createTokenBody,
  expiryWarningMs,
  type Scope,
  type TokenView,
} from "#src/admin/contract.ts";
import { defineAction, type Group } from "../action.ts";
import { checkId, checkLifetime, checkOrigin, checkScope } from "../checks.ts";
import { details } from "../details.ts";
import { usageFailure } from "../failure.ts";
import { formatAge, formatSpan, formatTime, harmless } from "../format.ts";
import { paint } from "../paint.ts";
import { table } from "../table.ts";

const hourMs = 3_600_000;

const create = defineAction({
  description: "Make a token and print it, this once",
  args: {
    name: { type: "positional", required: true, description: "What it is for, as in deploy-ci" },
    scope: {
      type: "string",
      required: true,
      valueHint: "scope",
      description:
        "evaluate, read, publish, operate or admin; more than one with commas or another --scope",
    },
    account: {
      type: "string",
      valueHint: "id",
      description: "Bind it to one account; unless given, it reaches all",
    },
    expires: {
      type: "string",
      valueHint: "time",
      description:
        "Until when it opens anything, as in 90d or 12h; unless given, until it is revoked",
    },
    origin: {
      type: "string",
      valueHint: "origin",
      description:
        "Pages that may carry it, as in https://shop.example; another one with another --origin",
    },
  },
  repeatable: ["scope", "origin"],
  remarks: ["A page may carry a token of the scope evaluate alone, which names its --origin."],
  examples: [
    "aviary token create shop-page --scope evaluate --account acme --origin https://shop.example",
    "aviary token create deploy-ci --scope publish --account acme",
    "export AVIARY_TOKEN=$(aviary token create me --scope publish --json | jq -r .token)",
  ],
  async run({ values, all, session }) {
    const scopes = all("scope")
      .flatMap((list) => list.split(","))
      .map((scope) => checkScope("--scope", scope.trim()));
    const { account, expires } = values;
    const origins = all("origin").map((origin) => checkOrigin("--origin", origin));
    const wanted = {
      name: checkName(values.name),
      scopes: [...new Set<Scope>(scopes)],
      ...(account !== undefined && { account: checkId("--account", account) }),
      ...(origins.length > 0 && { origins }),
      ...(expires !== undefined && { expiresAfterS: checkLifetime("--expires", expires) }),
    };
    const created = await session.api.tokens.create(wanted);
    const title = `${paint("green", "✔")} ${paint("bold", `token ${harmless(created.name)}`)} is made`;
    const rows = details([
      ["id", created.id],
      ["scopes", created.scopes.join(", ")],
      ["account", created.account ?? "all"],
      ...(created.expiresAt === null ? [] : [["expires", formatTime(created.expiresAt)] as const]),
      ...(created.origins.length === 0 ? [] : [["pages", created.origins.join(", ")] as const]),
    ]);
    const warning = paint("yellow", "Keep it now: it is shown this once and stored nowhere.");
    return { json: created, text: `${title}\n${rows}\n\n  ${created.token}\n\n  ${warning}` };
  },
});

const revoke = defineAction({
  description: "Revoke a token: from now on it opens nothing",
  args: { id: { type: "positional", required: true, description: "Its id, as the list shows it" } },
  examples: ["aviary token revoke 3f9c0d1e2b4a"],
  async run({ values, session }) {
    // A whole token would end up in logs as part of the path: its id is enough.
    const id = /^avy_([a-z0-9]{12})_/.exec(values.id)?.[1] ?? values.id;
    if (!/^[a-z0-9]{1,64}$/.test(id)) throw usageFailure("<id> must be the id of a token");
    await session.api.tokens.revoke(id);
    return {
      json: { id, revoked: true },
      text: `${paint("green", "✔")} ${paint("bold", `token ${id}`)} is revoked`,
    };
  },
});

const list = defineAction({
  description: "List the tokens, oldest first, revoked ones too",
  args: {},
  examples: ["aviary token list"],
  async run({ session }) {
    const tokens = await session.api.tokens.list();
    if (tokens.length === 0) return { json: { tokens }, text: "No token was made yet." };
    const rows = tokens.map((token) => [
      token.id,
      harmless(token.name),
      token.scopes.join(", "),
      token.account ?? "all",
      formatTime(token.createdAt),
      token.lastUsedAt === null ? "never" : formatHour(token.lastUsedAt, session.nowMs),
      stateOf(token, session.nowMs),
    ]);
    const heading = ["ID", "NAME", "SCOPES", "ACCOUNT", "CREATED", "USED", "STATE"];
    return { json: { tokens }, text: table(heading, rows) };
  },
});

function stateOf({ revokedAt, expiresAt }: TokenView, nowMs: number): string {
  if (revokedAt !== null) return paint("red", `revoked ${formatAge(revokedAt, nowMs)}`);
  if (expiresAt === null) return paint("green", "valid");
  const leftMs = Date.parse(expiresAt) - nowMs;
  if (leftMs <= 0) return paint("red", `expired ${formatAge(expiresAt, nowMs)}`);
  const isSoon = leftMs < expiryWarningMs;
  return paint(isSoon ? "yellow" : "green", `valid for ${formatSpan(leftMs)}`);
}

/** The last use is known to the hour. */
function formatHour(timestamp: string, nowMs: number): string {
  return nowMs - Date.parse(timestamp) < 2 * hourMs ? "lately" : formatAge(timestamp, nowMs);
}

function checkName(name: string): string {
  const checked = v.safeParse(createTokenBody.entries.name, name);
  if (checked.success) return checked.output;
  throw usageFailure(`<name> ${checked.issues[0].message}`);
}

export const token: Group = {
  meta: { name: "token", description: "Make, revoke and list tokens of the control API" },
  subCommands: { create, revoke, list },
};
