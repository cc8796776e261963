// aviary engine: immutable versions of the script that snippets share.
import { limits } from "#src/admin/contract.ts";
import { defineAction, type Group } from "../action.ts";
import { checkVersion } from "../checks.ts";
import { details, headline } from "../details.ts";
import { formatAge, formatBytes, formatLimit, formatTime, harmless } from "../format.ts";
import { readInput } from "../input-file.ts";
import { paint } from "../paint.ts";
import { table } from "../table.ts";

const publish = defineAction({
  description: "Publish a version of the engine",
  args: {
    version: { type: "positional", required: true, description: "Its version, as in 6.6.1" },
    file: {
      type: "positional",
      required: true,
      description: `The script, a classic one of at most ${formatLimit(limits.engine)}; - for standard input`,
    },
  },
  examples: ["aviary engine publish 6.6.1 ./dist/engine.min.js"],
  remarks: [
    "A version never changes: other bytes under the same version end with exit code 4. Publishing one changes no snippet; `aviary snippet publish … --engine <version>` does.",
  ],
  async run({ values, session }) {
    const version = checkVersion("<version>", values.version);
    const { stdin, nowMs, api } = session;
    const body = await readInput({
      path: values.file,
      argument: "<file>",
      limit: limits.engine,
      stdin,
    });
    const before = await api.engines.find(version);
    const published = await api.engines.publish(version, body);
    // After a lost answer the server calls the second attempt no change.
    const document = { ...published, changed: before === null };
    const title = headline({
      changed: document.changed,
      subject: `engine ${version}`,
      did: "is published",
      already: "was published before, with the same bytes",
    });
    const { publishedAt, bytes, sha256 } = document;
    const rows = details([
      ["published", `${formatTime(publishedAt)} (${formatAge(publishedAt, nowMs)})`],
      ["size", formatBytes(bytes)],
      ["sha256", sha256],
    ]);
    const warnings = document.warnings.map(
      (warning) => `\n${paint("yellow", "!")} ${harmless(warning)}`,
    );
    return { json: document, text: `${title}\n${rows}${warnings.join("")}` };
  },
});

const list = defineAction({
  description: "List the engines, newest first",
  args: {},
  examples: ["aviary engine list"],
  async run({ session }) {
    const engines = await session.api.engines.list();
    if (engines.length === 0) return { json: { engines }, text: "No engine was published yet." };
    const rows = engines.map(({ version, publishedAt, bytes, sha256 }) => [
      version,
      formatTime(publishedAt),
      formatAge(publishedAt, session.nowMs),
      formatBytes(bytes),
      sha256.slice(0, 16),
    ]);
    return {
      json: { engines },
      text: table(["VERSION", "PUBLISHED", "", "SIZE", "SHA-256"], rows),
    };
  },
});

export const engine: Group = {
  meta: { name: "engine", description: "Publish and list engines" },
  subCommands: { publish, list },
};
