// aviary datafile: the JSON that an SDK polls, open or behind access tokens.
import { limits, maxAccessTokens, type DatafileView } from "#src/admin/contract.ts";
import { readAccessTokens } from "../access-tokens.ts";
import { defineAction, type Group, type Input } from "../action.ts";
import { checkId } from "../checks.ts";
import { datafileDocument, datafileText } from "../datafile-report.ts";
import { headline } from "../details.ts";
import { usageFailure } from "../failure.ts";
import { formatBytes, formatLimit } from "../format.ts";
import { checkJson, readInput } from "../input-file.ts";
import { pointerActions } from "./pointer/actions.ts";

const publish = defineAction({
  description: "Publish a datafile's next revision",
  args: {
    sdkKey: {
      type: "positional",
      required: true,
      description: "The SDK key: /datafiles/<sdkKey>.json",
    },
    file: {
      type: "positional",
      required: true,
      description: `The datafile, JSON of at most ${formatLimit(limits.datafile)}; - for standard input`,
    },
    account: { type: "string", required: true, valueHint: "id", description: "Whose it is" },
    "access-token": {
      type: "string",
      valueHint: "source",
      description: `Make it private: @file, - or env:NAME, or the token itself; up to ${maxAccessTokens} times`,
    },
    public: { type: "boolean", description: "Make it readable for everybody" },
  },
  repeatable: ["access-token"],
  examples: [
    "aviary datafile publish 4eLm8vQ ./datafile.json --account acme",
    "aviary datafile publish 4eLm8vQ ./datafile.json --account acme --access-token @token.txt",
    "aviary datafile publish 4eLm8vQ ./datafile.json --account acme --access-token env:NEW --access-token env:OLD",
  ],
  remarks: [
    "Without --access-token and --public, who may read it stays as it is; a new datafile is public.",
    "A token on the command line can be read by every process of the machine: better a file, with one token a line (@file), standard input (-), or a variable (env:NAME). The tokens that are given replace all earlier ones.",
  ],
  async run(input) {
    const { values, session } = input;
    const id = checkId("<sdkKey>", values.sdkKey);
    const query = { account: checkId("--account", values.account) };
    const headers = await accessHeaders(input);
    const { stdin } = session;
    const file = { path: values.file, argument: "<file>", limit: limits.datafile, stdin };
    const body = await readInput(file);
    checkJson(body, file);
    const names = { body: "<file>", "Aviary-Access-Tokens": "--access-token" };
    const moved = await session.api.datafiles.publish({ id, query, headers, body, names });
    const document = datafileDocument(moved, session);
    const from = moved.previous === null ? "" : ` (was ${moved.previous})`;
    const title = headline({
      changed: moved.changed,
      subject: `datafile ${id}`,
      did: `is at revision ${moved.revision}${from}`,
      already: `is unchanged at revision ${moved.revision}`,
    });
    return { json: document, text: `${title}\n${datafileText(document, session)}` };
  },
});

type PublishInput = Pick<Input<{ public: { type: "boolean" } }>, "values" | "all" | "session">;

async function accessHeaders(input: PublishInput): Promise<Readonly<Record<string, string>>> {
  const { values, all, session } = input;
  const given = all("access-token");
  if (values.public && given.length > 0) {
    throw usageFailure("--public and --access-token exclude each other");
  }
  if (values.public) return { "aviary-access-tokens": "none" };
  const tokens = await readAccessTokens(given, session);
  return tokens.length === 0 ? {} : { "aviary-access-tokens": tokens.join(",") };
}

export const datafile: Group = {
  meta: { name: "datafile", description: "Publish, show, list, roll back and delete datafiles" },
  subCommands: {
    publish,
    ...pointerActions<DatafileView, ReturnType<typeof datafileDocument<DatafileView>>>({
      name: "datafile",
      idName: "sdkKey",
      api: ({ api }) => api.datafiles,
      document: datafileDocument,
      text: datafileText,
      heading: ["ACCESS", "SIZE", "SHA-256"],
      cells: (view) => [
        view.private ? "private" : "public",
        formatBytes(view.bytes.identity),
        view.sha256.slice(0, 16),
      ],
      rollbackRemark:
        "Who may read it stays as it is: a token that was replaced since then is not valid again.",
    }),
  },
};
