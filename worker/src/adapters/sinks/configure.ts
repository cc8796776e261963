// From the variable `SINKS` to sinks: a JSON list of settings, in which secrets stand by
// name. Settings that are wrong cost their own sink alone, and say which field it is;
// a secret is never repeated.
import * as v from "valibot";
import { issuesOf } from "#flags/issue.ts";
import { clickhouseEraser } from "#src/adapters/erasure/clickhouse-eraser.ts";
import { parquetEraser } from "#src/adapters/erasure/parquet-eraser.ts";
import type { Eraser } from "#src/adapters/erasure/sought.ts";
import type { Report } from "#src/adapters/report.ts";
import { clickhouseSink } from "./clickhouse.ts";
import { honeycombSink } from "./honeycomb.ts";
import { otlpSink } from "./otlp.ts";
import { parquetSink } from "./parquet.ts";
import { unusableSink } from "./placeholders.ts";
import type { PostDependencies } from "./post.ts";
import type { Sink } from "./sink.ts";
import { stdoutSink } from "./stdout.ts";
import { readWebhookSecret } from "#src/adapters/webhook-signature.ts";
import { webhookSink } from "./webhook.ts";

/** One entry of `SINKS`, whatever came of it. */
export type ConfiguredSink = { readonly name: string; readonly kind: string } & (
  | {
      readonly state: "ready";
      readonly sink: Sink;
      /** Where its events go, without secrets. */
      readonly target: string;
      /** Takes events back; absent where what was sent is out of reach. */
      readonly erase?: Eraser;
    }
  | { readonly state: "unusable"; readonly problems: readonly string[] }
);

export type SinksDependencies = Pick<PostDependencies, "fetch" | "now"> & {
  /** A secret by its name; undefined where there is none. */
  readonly secret: (name: string) => string | undefined;
  readonly bucket: Pick<R2Bucket, "put" | "get" | "list" | "delete">;
  readonly print: (line: string) => void;
  readonly report: Report;
};

const timeoutMs = 10_000;
const namePattern = /^[a-z][a-z0-9-]{0,31}$/;
// The judge's own way to the events.
const reserved = new Set(["evidence"]);
/** Stands for all sinks where the list cannot be read; no sink has such a name. */
const unreadable = "SINKS";

/** The sinks that `settings` asks for, in its order; none where it is empty. */
export function sinksFrom(
  settings: string | undefined,
  dependencies: SinksDependencies,
): readonly ConfiguredSink[] {
  if (settings === undefined || settings.trim() === "") return [];
  const list = v.safeParse(v.pipe(v.string(), v.parseJson(), v.array(v.unknown())), settings);
  const taken = new Set(reserved);
  const sinks = list.success
    ? list.output.map((entry, at) => configure(entry, { at, taken, dependencies }))
    : [unusable({ name: unreadable, kind: "unknown" }, ["SINKS is no list in JSON"])];
  for (const each of sinks) {
    if (each.state === "ready") continue;
    const { name, problems } = each;
    dependencies.report("sink_unusable", { sink: name, problems });
  }
  return sinks;
}

/** The sinks that events wait for: those that are ready, and those whose settings are wrong. */
export function sinksOf(configured: readonly ConfiguredSink[]): readonly Sink[] {
  const sinks = new Map<string, Sink>();
  for (const each of configured) {
    const { name } = each;
    if (each.state === "ready") sinks.set(name, each.sink);
    else if (!sinks.has(name) && namePattern.test(name) && !reserved.has(name)) {
      sinks.set(name, unusableSink(name, each.problems));
    }
  }
  return [...sinks.values()];
}

/** What stands for a sink that is not configured: something only where the list cannot be read. */
export function absentSinkOf(
  configured: readonly ConfiguredSink[],
  name: string,
): Sink | undefined {
  const list = configured.find((each) => each.name === unreadable);
  return list?.state === "unusable" ? unusableSink(name, list.problems) : undefined;
}

type Place = {
  readonly at: number;
  readonly taken: Set<string>;
  readonly dependencies: SinksDependencies;
};

function configure(entry: unknown, { at, taken, dependencies }: Place): ConfiguredSink {
  const parsed = v.safeParse(entrySchema(dependencies), entry);
  const { name = `SINKS.${at}`, kind = "unknown" } = nameAndKind(entry);
  if (!parsed.success) {
    const problems = issuesOf(parsed.issues).map(({ path, message }) => `${path}: ${message}`);
    return unusable({ name, kind }, problems);
  }
  if (taken.has(name)) return unusable({ name: `SINKS.${at}`, kind }, [`name: ${name} is taken`]);
  taken.add(name);
  return { name, kind, state: "ready", ...parsed.output };
}

/** What is told of an entry that may be wrong in any other way. */
function nameAndKind(entry: unknown): v.InferOutput<typeof nameAndKindSchema> {
  const parsed = v.safeParse(nameAndKindSchema, entry);
  return parsed.success ? parsed.output : {};
}

function unusable(
  { name, kind }: { readonly name: string; readonly kind: string },
  problems: readonly string[],
): ConfiguredSink {
  return { name, kind, state: "unusable", problems };
}

type Made = { readonly sink: Sink; readonly target: string; readonly erase?: Eraser };

const name = v.pipe(
  v.string("must be a text"),
  v.regex(namePattern, "must be of a-z, 0-9 and hyphens, at most 32"),
);
const nameAndKindSchema = v.object({
  name: v.fallback(v.optional(name), undefined),
  kind: v.fallback(v.optional(v.string()), undefined),
});
const text = v.pipe(v.string("must be a text"), v.minLength(1, "must not be empty"));
const identifier = v.pipe(
  text,
  v.regex(/^\w{1,64}$/, "must be of letters, digits and underscores"),
);
const url = v.pipe(
  v.string("must be a text"),
  v.check(isUsableUrl, "must be an https URL without user, query or fragment"),
  v.transform((value) => value.replace(/\/+$/, "")),
);

function entrySchema({ secret: find, bucket, print, ...rest }: SinksDependencies) {
  const http: PostDependencies = { ...rest, timeoutMs };
  const secret = v.pipe(
    v.string("must be the name of a secret"),
    // What is no name may be the secret itself, and the control API's own are none to send.
    v.regex(/^(?!AVIARY_)[A-Z][A-Z0-9_]{0,63}$/, "must be the name of a secret, in capitals"),
    v.check((value) => find(value) !== undefined, "names a secret that is not there"),
    v.transform((value) => find(value) ?? ""),
  );
  return v.variant(
    "kind",
    [
      v.pipe(
        v.strictObject({ name, kind: v.literal("stdout") }),
        v.transform((own): Made => ({ sink: stdoutSink(own, print), target: "the log" })),
      ),
      v.pipe(
        v.strictObject({
          name,
          kind: v.literal("honeycomb"),
          url: v.optional(url, "https://api.honeycomb.io"),
          dataset: text,
          apiKeySecret: secret,
        }),
        v.transform(({ apiKeySecret: apiKey, ...own }): Made => {
          const sink = honeycombSink({ ...own, apiKey }, http);
          return { sink, target: `${own.dataset} at ${hostOf(own.url)}` };
        }),
      ),
      v.pipe(
        v.strictObject({
          name,
          kind: v.literal("otlp"),
          url,
          headerSecrets: v.optional(v.record(v.string(), secret), {}),
        }),
        v.transform(({ headerSecrets: headers, ...own }): Made => {
          return { sink: otlpSink({ ...own, headers }, http), target: hostOf(own.url) };
        }),
      ),
      v.pipe(
        v.strictObject({
          name,
          kind: v.literal("parquet"),
          prefix: v.optional(v.pipe(text, v.regex(/^[\w/-]*\w$/, "must be a path")), "events"),
        }),
        v.transform((own): Made => {
          const sink = parquetSink(own, { bucket, timeoutMs });
          const erase = parquetEraser(own.prefix, bucket);
          return { sink, target: `${own.prefix}/ in the archive bucket`, erase };
        }),
      ),
      v.pipe(
        v.strictObject({
          name,
          kind: v.literal("clickhouse"),
          url,
          database: v.optional(identifier, "default"),
          table: v.optional(identifier, "events"),
          user: v.optional(text, "default"),
          passwordSecret: secret,
        }),
        v.transform(({ passwordSecret: password, ...own }): Made => {
          const config = { ...own, password };
          const target = `${own.database}.${own.table} at ${hostOf(own.url)}`;
          return {
            sink: clickhouseSink(config, http),
            target,
            erase: clickhouseEraser(config, http),
          };
        }),
      ),
      v.pipe(
        v.strictObject({
          name,
          kind: v.literal("webhook"),
          url,
          signingSecret: v.pipe(
            secret,
            v.transform(readWebhookSecret),
            v.custom<Uint8Array<ArrayBuffer>>(
              (key) => key !== undefined,
              "names a secret that is not whsec_ and at least 24 bytes in base64",
            ),
          ),
        }),
        v.transform(({ signingSecret: key, ...own }): Made => {
          return { sink: webhookSink({ ...own, key }, http), target: hostOf(own.url) };
        }),
      ),
    ],
    "must be stdout, honeycomb, otlp, parquet, clickhouse or webhook",
  );
}

/** Keys go over TLS; to the machine itself anything goes. */
function isUsableUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  const isLocal = hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
  const isSafe = protocol === "https:" || (protocol === "http:" && isLocal);
  return isSafe && username + password + search + hash === "";
}

function hostOf(value: string): string {
  return new URL(value).host;
}
