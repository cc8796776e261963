// From the environment to the channels that people are told through. What is unusable is
// named and left out: the others still speak.
import * as v from "valibot";
import type { PostDependencies } from "#src/adapters/sinks/post.ts";
import { readWebhookSecret } from "#src/adapters/webhook-signature.ts";
import type { Channel } from "./channel.ts";
import { pagerDutyChannel, pagerDutyUrl } from "./pagerduty.ts";
import { slackChannel } from "./slack.ts";
import { webhookChannel } from "./webhook.ts";

/** Variables and secrets, all of them optional. */
export type NoticeEnv = {
  readonly NOTICE_WEBHOOK_URL?: string;
  /** Secret `whsec_<base64>` that signs what is posted there. */
  readonly NOTICE_WEBHOOK_SECRET?: string;
  /** Secret: address of a Slack incoming webhook. */
  readonly NOTICE_SLACK_URL?: string;
  /** Secret: integration key of a PagerDuty service. */
  readonly NOTICE_PAGERDUTY_KEY?: string;
  /** Another region's address, or a stand-in's. */
  readonly NOTICE_PAGERDUTY_URL?: string;
};

export type Configured = {
  readonly channels: readonly Channel[];
  /** Names of variables that cannot be used, and why. */
  readonly problems: readonly string[];
};

// A notice names flags and what they do, and its address may be a secret.
const address = v.pipe(v.string(), v.url(), v.check(isPrivate));
const key = v.pipe(v.string(), v.regex(/^[\w-]{16,64}$/));

/** The channels of an environment; none where nothing is set. */
export function channelsFrom(env: NoticeEnv, dependencies: PostDependencies): Configured {
  const problems: string[] = [];
  const channels = [webhook(), slack(), pagerDuty()].filter((each) => each !== undefined);
  return { channels, problems };

  function webhook(): Channel | undefined {
    const url = usable("NOTICE_WEBHOOK_URL", address);
    if (url === undefined) return undefined;
    const secret = readWebhookSecret(env.NOTICE_WEBHOOK_SECRET ?? "");
    if (secret !== undefined) return webhookChannel({ url, key: secret }, dependencies);
    problems.push("NOTICE_WEBHOOK_SECRET must be whsec_ and 24 bytes or more in base64");
    return undefined;
  }

  function slack(): Channel | undefined {
    const url = usable("NOTICE_SLACK_URL", address);
    return url === undefined ? undefined : slackChannel({ url }, dependencies);
  }

  function pagerDuty(): Channel | undefined {
    const routingKey = usable("NOTICE_PAGERDUTY_KEY", key);
    const url = usable("NOTICE_PAGERDUTY_URL", address) ?? pagerDutyUrl;
    return routingKey === undefined
      ? undefined
      : pagerDutyChannel({ url, routingKey }, dependencies);
  }

  /** A variable's value; undefined where it is not set, or set to what it cannot be. */
  function usable(name: keyof NoticeEnv, schema: v.GenericSchema<string>): string | undefined {
    const value = env[name];
    if (value === undefined || value === "") return undefined;
    if (v.is(schema, value)) return value;
    const https = schema === address ? ": it must be an https URL" : "";
    problems.push(`${name} is not of the right form${https}`);
    return undefined;
  }
}

/** Over TLS; or to the machine itself, which is there in local development alone. */
function isPrivate(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return true;
  return protocol === "http:" && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);
}
