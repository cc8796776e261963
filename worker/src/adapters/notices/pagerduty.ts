// A notice as an event of PagerDuty's Events API v2. What needs a person opens an incident of
// the flag's attempt; what goes on by itself closes it.
// Source: https://developer.pagerduty.com/docs/send-alert-event
import type { PostDependencies } from "#src/adapters/sinks/post.ts";
import type { Notice } from "#src/canary/notice.ts";
import { jsonChannel, jsonHeaders, type Channel } from "./channel.ts";

export const pagerDutyUrl = "https://events.pagerduty.com/v2/enqueue";

export type PagerDutyConfig = {
  readonly url: string;
  /** Integration key of a service, 32 characters. */
  readonly routingKey: string;
};

const mostSummary = 1_024;

export function pagerDutyChannel(config: PagerDutyConfig, deps: PostDependencies): Channel {
  const request = ({ notice }: { readonly notice: Notice }) => ({
    url: config.url,
    headers: jsonHeaders,
    body: JSON.stringify(eventOf(notice, config.routingKey)),
    secrets: [config.routingKey],
  });
  return jsonChannel("pagerduty", request, deps);
}

function eventOf(notice: Notice, routingKey: string) {
  const { flag, attempt, kind, isDone, title, reasons, atMs } = notice;
  const common = {
    routing_key: routingKey,
    dedup_key: `aviary/${flag}/${attempt}`,
    client: "Aviary",
  };
  if (kind === "advance" && isDone) return { ...common, event_action: "resolve" };
  return {
    ...common,
    event_action: "trigger",
    payload: {
      summary: `${title}. ${reasons[0] ?? ""}`.slice(0, mostSummary),
      source: "aviary",
      severity: severityOf(notice),
      timestamp: new Date(atMs).toISOString(),
      component: flag,
      group: "canary",
      class: kind,
      custom_details: {
        reasons,
        units: notice.units,
        guardrails: Object.fromEntries(
          notice.guardrails.map(({ name, changeText }) => [name, changeText]),
        ),
      },
    },
  };
}

// Pages are being harmed only where nobody has taken the change back.
function severityOf({ kind, isDone }: Notice): "critical" | "error" | "warning" | "info" {
  if (kind === "rollback") return isDone ? "error" : "critical";
  return kind === "hold" ? "warning" : "info";
}
