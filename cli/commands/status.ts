// aviary status: is it up, and what may this token do.
import { expiryWarningMs, type StatusView } from "#src/admin/contract.ts";
import { defineAction } from "../action.ts";
import { details } from "../details.ts";
import { counted, formatAge, formatSpan, formatTime, harmless } from "../format.ts";
import { paint } from "../paint.ts";

export const status = defineAction({
  description: "Show whether Aviary is up, its engines, and what your token may do",
  args: {},
  examples: ["aviary status", "AVIARY_URL=https://cdn.example.com aviary status --json"],
  remarks: ["Without a token it shows the health alone."],
  async run({ session }) {
    const { api, settings } = session;
    const { origin, token, isBorrowed } = settings;
    const health = await api.health();
    const control = token === undefined ? null : await api.status();
    const up = paint(health.status === "ok" ? "green" : "red", harmless(health.status));
    const rows: [string, string][] = [["health", `${up}, build ${harmless(health.build)}`]];
    if (control === null) {
      rows.push(["control", "not asked: AVIARY_TOKEN is not set"]);
    } else {
      const { engines, latestEngine } = control;
      const { name, scopes, account, expiresAt } = control.token;
      const latest = latestEngine === null ? "" : `, latest ${latestEngine}`;
      const reach = account === null ? "all accounts" : `account ${account}`;
      rows.push(["engines", `${engines}${latest}`]);
      rows.push(["stores", sweeperText(control.sweeper, session.nowMs)]);
      const from = isBorrowed ? "; from .dev.vars, for AVIARY_TOKEN is not set" : "";
      rows.push(["token", `${harmless(name)}: ${scopes.join(", ")}; ${reach}${from}`]);
      if (expiresAt !== null) rows.push(["expires", expiryText(expiresAt, session.nowMs)]);
    }
    return {
      json: { url: origin, health, control },
      text: `${paint("bold", "Aviary")} at ${paint("cyan", origin)}\n${details(rows)}`,
    };
  },
});

function expiryText(expiresAt: string, nowMs: number): string {
  const leftMs = Date.parse(expiresAt) - nowMs;
  const text = `${formatTime(expiresAt)}, in ${formatSpan(leftMs)}`;
  return leftMs < expiryWarningMs ? paint("yellow", text) : text;
}

type Swept = StatusView["sweeper"];

function sweeperText({ endedAt, seen, removed, condemned }: Swept, nowMs: number): string {
  if (endedAt === null) return "not swept yet";
  const due = condemned === 0 ? "" : `, ${condemned} to go unless something names them`;
  return `${counted(seen, "artifact")} swept ${formatAge(endedAt, nowMs)}: ${removed} removed${due}`;
}
