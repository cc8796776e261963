// Channels against stand-ins that check what they are sent as the real receivers do.
import { Webhook } from "standardwebhooks";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { channelsFrom, type NoticeEnv } from "#src/adapters/notices/configure.ts";
import type { Notice } from "#src/canary/notice.ts";
import { standIn, type Asked } from "../sinks/stand-in.ts";
import { advanced, advised, mismatched, rolledBack } from "./notices.ts";

const secret = `whsec_${Buffer.from("a secret of thirty-two characters").toString("base64")}`;
const routingKey = "0123456789abcdef0123456789abcdef";
const dependencies = { fetch, now: Date.now, timeoutMs: 20_000 };

function only(env: NoticeEnv) {
  const { channels, problems } = channelsFrom(env, dependencies);
  const [channel] = channels;
  if (channel === undefined || problems.length > 0) throw new Error(problems.join());
  return channel;
}

/** A receiver that answers 400 for what is not of the form that its documentation says. */
function receiverOf(schema: v.GenericSchema, accepted = 200) {
  return standIn(({ body, headers }: Asked) => {
    const parsed = v.safeParse(schema, JSON.parse(body.toString()));
    const isJson = headers["content-type"] === "application/json";
    if (parsed.success && isJson) return { status: accepted, body: "ok" };
    return { status: 400, body: JSON.stringify(parsed.issues?.map((each) => each.message)) };
  });
}

function text(most: number) {
  return v.pipe(v.string(), v.minLength(1), v.maxLength(most));
}

/** docs.slack.dev/reference/block-kit: the blocks that are used, with their limits. */
const mrkdwn = (most: number) => v.strictObject({ type: v.literal("mrkdwn"), text: text(most) });
const slackMessage = v.strictObject({
  text: text(40_000),
  blocks: v.pipe(
    v.array(
      v.union([
        v.strictObject({
          type: v.literal("header"),
          text: v.strictObject({
            type: v.literal("plain_text"),
            text: text(150),
            emoji: v.boolean(),
          }),
        }),
        v.strictObject({ type: v.literal("section"), text: mrkdwn(3_000) }),
        v.strictObject({
          type: v.literal("section"),
          fields: v.pipe(v.array(mrkdwn(2_000)), v.minLength(1), v.maxLength(10)),
        }),
        v.strictObject({
          type: v.literal("context"),
          elements: v.pipe(v.array(mrkdwn(2_000)), v.minLength(1), v.maxLength(10)),
        }),
      ]),
    ),
    v.maxLength(50),
  ),
});

/** developer.pagerduty.com: PD-CEF of the Events API v2. */
const event = { routing_key: v.literal(routingKey), dedup_key: text(255), client: v.string() };
const pagerDutyEvent = v.variant("event_action", [
  v.strictObject({ ...event, event_action: v.literal("resolve") }),
  v.strictObject({
    ...event,
    event_action: v.literal("trigger"),
    payload: v.strictObject({
      summary: text(1_024),
      source: text(255),
      severity: v.picklist(["critical", "error", "warning", "info"]),
      timestamp: v.pipe(v.string(), v.isoTimestamp()),
      component: v.string(),
      group: v.string(),
      class: v.string(),
      custom_details: v.record(v.string(), v.unknown()),
    }),
  }),
]);

const all: readonly (readonly [string, Notice])[] = [
  ["rollback", rolledBack],
  ["advice", advised],
  ["advance", advanced],
  ["hold", mismatched],
];

describe("Slack", () => {
  it.each(all)("takes a notice of %s", async (_, notice) => {
    const server = await receiverOf(slackMessage);
    const channel = only({ NOTICE_SLACK_URL: server.url });
    expect(await channel.send({ id: "1", notice })).toMatchObject({ answer: "accepted" });
  });

  it("reads plain words with the numbers, and no markup that a name could smuggle in", async () => {
    const server = await receiverOf(slackMessage);
    const channel = only({ NOTICE_SLACK_URL: server.url });
    const reasons = ["<!channel> & <https://evil.test|click>"];
    await channel.send({ id: "1", notice: { ...rolledBack, reasons } });
    await channel.send({ id: "2", notice: rolledBack });
    const [first = "", second = ""] = server.asked.map(({ body }) => body.toString());
    expect(first).toContain("&lt;!channel&gt; &amp; &lt;https://evil.test|click&gt;");
    expect(second).toContain("trial was taken back at 10 %, after 6,000 canary units");
    expect(second).toMatch(/time_p75 is \d+ % higher in the canary: \d+ against \d+/);
  });
});

describe("a long reason for Slack", () => {
  it.each([2_994, 2_995, 2_996, 2_997])(
    "is never cut within an escape: after %i",
    async (length) => {
      const receiver = await standIn(() => ({ status: 200, body: "ok" }));
      const notice = { ...rolledBack, reasons: [`${"x".repeat(length - 2)}<>`] };
      await only({ NOTICE_SLACK_URL: receiver.url }).send({ id: "n-1", notice });
      const sent = receiver.asked[0]?.body.toString() ?? "";
      expect(sent).toContain("xxx");
      expect(sent).not.toMatch(/&[a-z]*"/);
    },
  );
});

describe("PagerDuty", () => {
  it.each(all)("takes a notice of %s", async (_, notice) => {
    const server = await receiverOf(pagerDutyEvent, 202);
    const env = { NOTICE_PAGERDUTY_KEY: routingKey, NOTICE_PAGERDUTY_URL: server.url };
    expect(await only(env).send({ id: "1", notice })).toMatchObject({ answer: "accepted" });
  });

  it("opens one incident for an attempt, and closes it when the ramp goes on", async () => {
    const server = await receiverOf(pagerDutyEvent, 202);
    const channel = only({ NOTICE_PAGERDUTY_KEY: routingKey, NOTICE_PAGERDUTY_URL: server.url });
    for (const notice of [mismatched, rolledBack, advised, advanced]) {
      await channel.send({ id: "1", notice });
    }
    const sent = server.asked.map(({ body }) => {
      const { event_action, dedup_key, payload } = JSON.parse(body.toString()) as {
        readonly event_action: string;
        readonly dedup_key: string;
        readonly payload?: { readonly severity: string };
      };
      return [event_action, payload?.severity, dedup_key];
    });
    expect(sent).toEqual([
      ["trigger", "warning", "aviary/trial/1"],
      ["trigger", "error", "aviary/trial/1"],
      ["trigger", "critical", "aviary/trial/1"],
      ["resolve", undefined, "aviary/trial/1"],
    ]);
  });
});

describe("the webhook", () => {
  it.each(all)("is signed so that Standard Webhooks' own library takes a %s", async (_, notice) => {
    const server = await standIn(({ headers, body }) => {
      const read = new Webhook(secret).verify(body.toString(), headers);
      return { status: typeof read === "object" ? 204 : 400 };
    });
    const channel = only({ NOTICE_WEBHOOK_URL: server.url, NOTICE_WEBHOOK_SECRET: secret });
    expect(await channel.send({ id: "msg-1", notice })).toMatchObject({ answer: "accepted" });
    const [asked] = server.asked;
    expect(JSON.parse(asked?.body.toString() ?? "")).toEqual({
      type: `aviary.canary.${notice.kind}`,
      timestamp: new Date(notice.atMs).toISOString(),
      data: notice,
    });
    expect(asked?.headers["webhook-id"]).toBe("msg-1");
  });
});

describe("channels from the environment", () => {
  it("are none where nothing is set", () => {
    expect(channelsFrom({}, dependencies)).toEqual({ channels: [], problems: [] });
  });

  it.each([
    ["NOTICE_WEBHOOK_SECRET", { NOTICE_WEBHOOK_URL: "https://hook.test" }],
    [
      "NOTICE_WEBHOOK_URL",
      { NOTICE_WEBHOOK_URL: "ftp://hook.test", NOTICE_WEBHOOK_SECRET: secret },
    ],
    ["NOTICE_SLACK_URL", { NOTICE_SLACK_URL: "hooks.slack.com/services/1" }],
    ["NOTICE_SLACK_URL", { NOTICE_SLACK_URL: "http://hooks.slack.test/services/1" }],
    [
      "NOTICE_WEBHOOK_URL",
      { NOTICE_WEBHOOK_URL: "http://localhost.hook.test", NOTICE_WEBHOOK_SECRET: secret },
    ],
    ["NOTICE_PAGERDUTY_KEY", { NOTICE_PAGERDUTY_KEY: "a key with spaces in it" }],
  ])("that are unusable are named, and never repeated: %s", (name, env) => {
    const good = name === "NOTICE_SLACK_URL" ? {} : { NOTICE_SLACK_URL: "https://slack.test" };
    const { channels, problems } = channelsFrom({ ...good, ...env }, dependencies);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
    for (const value of Object.values(env)) expect(problems[0]).not.toContain(value);
    expect(channels).toHaveLength(Object.keys(good).length);
  });
});

const echo = ({ path, body }: Asked) => ({
  status: 500,
  body: `failed: ${path} ${body.toString().slice(0, 100)}`,
});

describe("a receiver that repeats what it was sent", () => {
  const key = "Zk3vQ9wLr81xHb5d";

  it.each(["slack", "pagerduty", "webhook"] as const)(
    "gets no key of %s into a log",
    async (name) => {
      const { url } = await standIn(echo);
      const env = {
        slack: { NOTICE_SLACK_URL: `${url}/services/T0/${key}` },
        pagerduty: { NOTICE_PAGERDUTY_KEY: routingKey, NOTICE_PAGERDUTY_URL: url },
        webhook: { NOTICE_WEBHOOK_URL: `${url}/?token=${key}`, NOTICE_WEBHOOK_SECRET: secret },
      }[name];
      const said = JSON.stringify(await only(env).send({ id: "1", notice: rolledBack }));
      expect(said).toContain("failed: ");
      for (const one of [key, routingKey, secret]) expect(said).not.toContain(one);
    },
  );
});
