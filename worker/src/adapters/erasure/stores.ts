// Every place in which something of a visitor or an operator is kept, with what takes it away;
// and, by name, those from which nothing can be taken back.
import type { DeadLetters } from "#src/adapters/sinks/dead-letters.ts";
import type { ConfiguredSink } from "#src/adapters/sinks/configure.ts";
import type { RegistryStub } from "#src/adapters/registry.ts";
import { deadLetterEraser } from "./dead-letter-eraser.ts";
import type { Eraser } from "./sought.ts";

export type ErasureStore = {
  readonly name: string;
  readonly detail: string;
  /** Undefined where what was sent is out of reach. */
  readonly erase: Eraser | undefined;
};

type Sources = {
  readonly configuredSinks: readonly ConfiguredSink[];
  readonly deadLetters: DeadLetters;
  readonly registry: () => Pick<RegistryStub, "eraseAudit">;
};

/** The stores there are now. Rejects where the bucket does not answer. */
export async function erasureStores(sources: Sources): Promise<readonly ErasureStore[]> {
  const parked = await sources.deadLetters.sinks();
  return [
    {
      name: "audit",
      detail: "addresses, names, reasons and documents in lines of the audit log",
      erase: async (sought, { isDry }) => {
        const { matched, erased } = await sources.registry().eraseAudit(sought, isDry);
        return { looked: 1, matched, erased, next: null, failure: null };
      },
    },
    ...parked.map((sink) => ({
      name: `dead-letters:${sink}`,
      detail: `events that ${sink} would not take`,
      erase: deadLetterEraser(sink, sources.deadLetters),
    })),
    ...sources.configuredSinks.map(storeOf),
  ];
}

function storeOf(sink: ConfiguredSink): ErasureStore {
  const name = `sink:${sink.name}`;
  if (sink.state === "unusable") {
    return {
      name,
      detail: `its settings are wrong: ${sink.problems.join("; ")}`,
      erase: undefined,
    };
  }
  const { erase, target } = sink;
  if (erase !== undefined) return { name, detail: `events in ${target}`, erase };
  return { name, detail: `${reasons[sink.kind] ?? reasons["webhook"]} (${target})`, erase };
}

const reasons: Readonly<Record<string, string>> = {
  webhook: "whoever got the events has to erase them: nothing can be taken back",
  otlp: "the protocol knows no deletion: erase them in the backend, or let them expire there",
  honeycomb: "Honeycomb has no way to delete single events: they go with its retention",
  stdout: "the Worker's log keeps them as long as Cloudflare and Logpush's target do",
};
