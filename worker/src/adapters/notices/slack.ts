// A notice as a message of a Slack incoming webhook.
// Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
// https://docs.slack.dev/reference/block-kit/blocks (limits of blocks and their texts).
import type { PostDependencies } from "#src/adapters/sinks/post.ts";
import type { Notice } from "#src/canary/notice.ts";
import { jsonChannel, jsonHeaders, type Channel } from "./channel.ts";

const mostHeading = 150;
const mostSection = 3_000;
const mostFields = 10;

const signs = { rollback: ":rewind:", advance: ":arrow_up:", hold: ":raised_hand:" } as const;

export function slackChannel({ url }: { readonly url: string }, deps: PostDependencies): Channel {
  const request = ({ notice }: { readonly notice: Notice }) => ({
    url,
    headers: jsonHeaders,
    body: JSON.stringify(messageOf(notice)),
  });
  return jsonChannel("slack", request, deps);
}

/** `text` is what notifications show; the blocks say the rest. */
function messageOf({ kind, title, reasons, guardrails, flag }: Notice) {
  const fields = guardrails
    .filter(({ change }) => change !== null)
    .toSorted((left, right) => Number(right.isHarmed) - Number(left.isHarmed))
    .slice(0, mostFields)
    .map(({ name, changeText, isHarmed }) => ({
      type: "mrkdwn",
      text: escaped(`${isHarmed ? "*" : ""}${name}${isHarmed ? "*" : ""}: ${changeText}`),
    }));
  const lines = escaped(reasons.map((each) => `• ${each}`).join("\n"));
  // A cut through an escape would show half of it.
  const why = lines.slice(0, mostSection).replace(/&[a-z]*$/, "");
  const heading = `${signs[kind]} ${title}`.slice(0, mostHeading);
  return {
    text: escaped(title),
    blocks: [
      { type: "header", text: { type: "plain_text", text: heading, emoji: true } },
      { type: "section", text: { type: "mrkdwn", text: why } },
      ...(fields.length === 0 ? [] : [{ type: "section", fields }]),
      {
        type: "context",
        elements: [
          { type: "mrkdwn", text: escaped(`\`aviary verdict ${flag}\` shows all of it.`) },
        ],
      },
    ],
  };
}

/** Slack reads these three as markup. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
