// aviary snippet: a customer's payload on an engine, as one script.
import { limits } from "#src/admin/contract.ts";
import type { SnippetView } from "#src/admin/snippet-contract.ts";
import { defineAction, type Group } from "../action.ts";
import { checkId, checkVersion } from "../checks.ts";
import { headline } from "../details.ts";
import { formatBytes, formatLimit } from "../format.ts";
import { checkJson, readInput } from "../input-file.ts";
import { beaconNames, beaconOptions, beaconQueryOf } from "../snippet-options.ts";
import { snippetDocument, snippetText } from "../snippet-report.ts";
import { pointerActions } from "./pointer/actions.ts";
import { restore, withdraw } from "./release.ts";

const publish = defineAction({
  description: "Publish a payload as a snippet's next revision",
  args: {
    id: { type: "positional", required: true, description: "The snippet's id: /js/<id>.js" },
    account: { type: "string", required: true, valueHint: "id", description: "Whose it is" },
    payload: {
      type: "string",
      required: true,
      valueHint: "file",
      description: `The payload, JSON of at most ${formatLimit(limits.payload)}; - for standard input`,
    },
    engine: {
      type: "string",
      valueHint: "version",
      description: "The engine; unless given, the one it is on, and the newest for a new snippet",
    },
    ...beaconOptions,
  },
  examples: [
    "aviary snippet publish shop --account acme --payload ./payload.json",
    "aviary snippet publish shop --account acme --payload ./payload.json --engine 6.6.1",
    "aviary snippet publish shop --account acme --payload ./payload.json --beacon 1.0.0 --beacon-sample-rate 10",
    "jq -c .web config.json | aviary snippet publish shop --account acme --payload - --json",
  ],
  remarks: [
    "Publishing the same again changes nothing. Where somebody else publishes at the same moment, one wins and the other ends with exit code 4.",
  ],
  async run({ values, session }) {
    const { account, engine } = values;
    const id = checkId("<id>", values.id);
    const query = {
      account: checkId("--account", account),
      ...(engine !== undefined && { engine: checkVersion("--engine", engine) }),
      ...beaconQueryOf(values),
    };
    const { stdin } = session;
    const input = { path: values.payload, argument: "--payload", limit: limits.payload, stdin };
    const body = await readInput(input);
    checkJson(body, input);
    const names = { body: "--payload", engine: "--engine", ...beaconNames };
    const moved = await session.api.snippets.publish({ id, query, body, names });
    const document = snippetDocument(moved, session);
    const from = moved.previous === null ? "" : ` (was ${moved.previous})`;
    const title = headline({
      changed: moved.changed,
      subject: `snippet ${id}`,
      did: `is at revision ${moved.revision}${from}`,
      already: `is unchanged at revision ${moved.revision}`,
    });
    return { json: document, text: `${title}\n${snippetText(document, session)}` };
  },
});

export const snippet: Group = {
  meta: {
    name: "snippet",
    description: "Publish, show, list, roll back, withdraw and delete snippets",
  },
  subCommands: {
    publish,
    ...pointerActions<SnippetView, ReturnType<typeof snippetDocument<SnippetView>>>({
      name: "snippet",
      idName: "id",
      api: ({ api }) => api.snippets,
      document: snippetDocument,
      text: snippetText,
      heading: ["ENGINE", "SIZE", "SHA-256"],
      cells: ({ engine, bytes, sha256 }) => [
        engine,
        formatBytes(bytes.identity),
        sha256.slice(0, 16),
      ],
    }),
    withdraw,
    restore,
  },
};
