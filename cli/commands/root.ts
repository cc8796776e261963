// The tree of commands.
import type { Group } from "../action.ts";
import { datafile } from "./datafile.ts";
import { engine } from "./engine.ts";
import { snippet } from "./snippet.ts";
import { status } from "./status.ts";
import { token } from "./token.ts";

export const root: Group = {
  meta: {
    name: "aviary",
    description: "Publishes engines, snippets and datafiles to Aviary, and looks after them",
  },
  subCommands: { engine, snippet, datafile, token, status },
};
