// aviary sinks: where wide events go, whether they arrive, and what was parked.
import type { SinkView } from "#src/admin/sink-contract.ts";
import { defineAction, type Group } from "../action.ts";
import { Failure, usageFailure } from "../failure.ts";
import { counted, harmless } from "../format.ts";
import { paint } from "../paint.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";

const nameArgument = {
  type: "positional",
  required: true,
  description: "The sink, as `SINKS` names it",
} as const;
const why = { type: "string", valueHint: "text", description: "For the audit log" } as const;

const list = defineAction({
  description: "List the sinks, with what is wrong and what is parked",
  args: {},
  examples: ["aviary sinks list", "aviary sinks list --json"],
  async run({ session }) {
    const sinks = await session.api.sinks.list();
    const rows = sinks.map((sink) => [
      harmless(sink.name),
      harmless(sink.kind),
      stateOf(sink),
      parkedOf(sink),
      harmless(sink.target ?? sink.problems.join("; ")),
    ]);
    return {
      json: { sinks },
      text: table(["NAME", "KIND", "STATE", "PARKED", "TARGET OR PROBLEM"], rows),
    };
  },
});

const test = defineAction({
  description: "Send one marked event to a sink and print what the sink said",
  args: { name: nameArgument },
  examples: ["aviary sinks test honeycomb"],
  remarks: [
    "The event is a page view of test.aviary.invalid whose visitor says to be a test. It goes past the outbox, also where the sink is paused.",
    "Where the sink does not take it, the command ends with 3.",
  ],
  async run({ values, session }) {
    const name = checkSink(values.name);
    const tested = await session.api.sinks.test(name);
    const { outcome, detail, eventId, tookMs } = tested;
    if (outcome !== "taken") {
      const hint = `The event was ${eventId}. Nothing of it is parked.`;
      throw new Failure("refused", `${name} ${outcome} the event: ${harmless(detail)}`, { hint });
    }
    const title = `${paint("green", "✔")} ${paint("bold", name)} took the event in ${tookMs} ms`;
    return { json: tested, text: `${title}\n  ${paint("dim", `event.id = ${eventId}`)}` };
  },
});

const pause = defineAction({
  description: "Let a sink wait",
  args: { name: nameArgument, why },
  examples: ["aviary sinks pause honeycomb --why 'a new dataset'"],
  remarks: [
    "Its events are kept for four hours, and parked after that. Other sinks go on. It is seen within 10 s.",
  ],
  async run({ values, session }) {
    const name = checkSink(values.name);
    const sink = await session.api.sinks.pause(name, values.why ?? "");
    return { json: sink, text: `${paint("yellow", "■")} ${paint("bold", name)} waits` };
  },
});

const resume = defineAction({
  description: "Let a sink go on",
  args: { name: nameArgument, why },
  examples: ["aviary sinks resume honeycomb"],
  async run({ values, session }) {
    const name = checkSink(values.name);
    const sink = await session.api.sinks.resume(name, values.why ?? "");
    return { json: sink, text: `${paint("green", "✔")} ${paint("bold", name)} goes on` };
  },
});

const replay = defineAction({
  description: "Send parked events again",
  args: { name: nameArgument, why },
  examples: ["aviary sinks replay honeycomb", "aviary sinks replay honeycomb --json"],
  remarks: [
    "What the sink takes is parked no more; what it does not take stays. It may be stopped and run again: events keep their ids.",
    "Where the sink fails, the command ends with 5.",
  ],
  async run({ values, session }) {
    const name = checkSink(values.name);
    const done = await replayAll(name, values.why ?? "", session);
    const { delivered, kept, failure } = done;
    if (failure !== null) {
      const hint = `${counted(delivered, "event")} ${delivered === 1 ? "was" : "were"} taken before. Run it again once the sink is well.`;
      throw new Failure("unavailable", `${name} failed: ${harmless(failure)}`, { hint });
    }
    if (delivered + kept === 0) {
      const text = `${paint("yellow", "=")} nothing of ${paint("bold", name)} is parked`;
      return { json: { name, delivered, kept }, text };
    }
    const title = `${paint("green", "✔")} ${paint("bold", name)} took ${counted(delivered, "event")}`;
    const rest =
      kept === 0
        ? "Nothing is left."
        : kept === 1
          ? "1 was refused again and stays parked."
          : `${kept} were refused again and stay parked.`;
    return { json: { name, delivered, kept }, text: `${title}\n  ${paint("dim", rest)}` };
  },
});

type Sum = { readonly delivered: number; readonly kept: number; readonly failure: string | null };

async function replayAll(name: string, reason: string, session: Session): Promise<Sum> {
  const sinks = await session.api.sinks.list();
  const total = sinks.find((each) => each.name === name)?.parked;
  let delivered = 0;
  let kept = 0;
  let after: string | undefined;
  for (;;) {
    const query = { ...(after !== undefined && { after }), ...(reason !== "" && { why: reason }) };
    const part = await session.api.sinks.replay(name, query);
    delivered += part.delivered;
    kept += part.kept;
    if (part.failure !== null || part.next === null) {
      return { delivered, kept, failure: part.failure };
    }
    after = part.next;
    const of = total === undefined ? "" : ` of ${total.events}${total.more ? " or more" : ""}`;
    session.note(`${delivered + kept}${of} events`);
  }
}

function stateOf({ state }: SinkView): string {
  if (state === "ready") return paint("green", state);
  return paint(state === "paused" ? "yellow" : "red", state);
}

function parkedOf({ parked: { events, more } }: SinkView): string {
  return events === 0 ? "0" : paint("yellow", `${events}${more ? "+" : ""}`);
}

function checkSink(name: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(name)) return name;
  throw usageFailure("<name> must be of a-z, 0-9 and hyphens, at most 32");
}

export const sinks: Group = {
  meta: { name: "sinks", description: "Where wide events go, and what was parked" },
  subCommands: { list, test, pause, resume, replay },
};
