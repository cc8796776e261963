// The control API's part about sinks, as typed functions. All of it may be repeated.
import { sinkList, sinkReplayed, sinkTested, sinkView } from "#src/admin/sink-contract.ts";
import { send } from "./call.ts";
import type { Connection } from "./connection.ts";
import { get } from "./requests.ts";

const base = "/api/v1/sinks";
const hints = {
  "unknown-id": "`aviary sinks list` shows which there are.",
  "sink-unusable": "`aviary sinks list` shows what is wrong with its settings.",
  "sink-paused": "`aviary sinks resume <name>` lets it go on.",
};

export function sinkApi(connection: Connection) {
  return {
    list: async () => (await send(connection, get(base, sinkList))).sinks,
    pause: (name: string, why: string) =>
      send(connection, { ...call(name, "pause", { why }), answer: sinkView }),
    resume: (name: string, why: string) =>
      send(connection, { ...call(name, "resume", { why }), answer: sinkView }),
    // A second event would be another one.
    test: (name: string) =>
      send(connection, { ...call(name, "test", {}), answer: sinkTested, once: true }),
    replay: (name: string, query: Readonly<Record<string, string>>) =>
      send(connection, { ...call(name, "replay", query), answer: sinkReplayed }),
  };
}

function call(name: string, action: string, query: Readonly<Record<string, string>>) {
  const text = new URLSearchParams(query).toString();
  const path = `${base}/${encodeURIComponent(name)}/${action}`;
  return { method: "POST", path: text === "" ? path : `${path}?${text}`, hints } as const;
}
