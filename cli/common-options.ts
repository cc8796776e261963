// Options that every command has.
import type { ArgsDef } from "citty";

export const commonOptions = {
  json: {
    type: "boolean",
    description: "Print one JSON document on stdout, errors too; notes go to stderr",
  },
  url: {
    type: "string",
    valueHint: "origin",
    description: "Where Aviary is; overrides AVIARY_URL",
  },
  retries: {
    type: "string",
    valueHint: "n",
    description: "How often to try again when there is no answer, 0 to 10; 3 unless given",
  },
  help: { type: "boolean", alias: "h", description: "Show this help" },
} as const satisfies ArgsDef;

/** Names of the options above that take a value. */
export const commonValueOptions: readonly string[] = Object.entries(commonOptions)
  .filter(([, { type }]) => type === "string")
  .map(([name]) => name);
