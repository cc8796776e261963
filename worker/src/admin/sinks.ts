// Sinks: which there are, whether they take events, pausing them, and their dead letters.
import { err, ok, type Result } from "#base/result.ts";
import { testEvent } from "#rum/test-event.ts";
import { replay } from "#src/adapters/sinks/replay.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import type { Services } from "#src/services.ts";
import { permit, type AdminContext } from "./context.ts";
import { reasonQuery } from "./contract.ts";
import { refuse, type Refusal } from "./problem.ts";
import { checkShape } from "./read-body.ts";
import { replayQuery, type SinkView } from "./sink-contract.ts";

/** A sink's settings: what `SINKS` says, or the judge's own; `removed` where it has none. */
type Known = Pick<SinkView, "name" | "kind" | "target" | "problems"> & {
  readonly sink: Sink | undefined;
};

// What is counted in one look; more than that is told as such.
const mostCounted = 1_000;

// Both a kind and a state: of a sink without settings nobody knows more.
const removed = "removed";

/** GET /api/v1/sinks. */
export async function listSinks(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "read", null);
  if (!permitted.ok) return refuse(permitted.error);
  const services = context.get("services");
  const paused = new Set(await services.registry().pausedSinks());
  const known = [...knownSinks(services), ...(await removedSinks(services))];
  const sinks = await Promise.all(known.map((each) => view(services, each, paused)));
  return Response.json({ sinks });
}

/** POST /api/v1/sinks/{name}/pause and /resume. */
export function pauseSink(isPaused: boolean) {
  return async (context: AdminContext): Promise<Response> => {
    const known = await sought(context);
    if (!known.ok) return refuse(known.error);
    const query = checkShape(context.req.query(), reasonQuery);
    if (!query.ok) return refuse(query.error);
    const services = context.get("services");
    const { name } = known.value;
    await services.registry().pauseSink(name, isPaused);
    return Response.json(await view(services, known.value, new Set(isPaused ? [name] : [])));
  };
}

/** POST /api/v1/sinks/{name}/test: past the outbox, also where the sink is paused. */
export async function testSink(context: AdminContext): Promise<Response> {
  const sink = await usable(context);
  if (!sink.ok) return refuse(sink.error);
  const query = checkShape(context.req.query(), reasonQuery);
  if (!query.ok) return refuse(query.error);
  const { now } = context.get("services");
  const startedMs = now();
  const event = testEvent(crypto.randomUUID().replaceAll("-", ""), startedMs);
  const { name, send } = sink.value;
  const outcome = await send({ shard: "test", events: [{ seq: 1, event }] });
  const tookMs = now() - startedMs;
  const eventId = event["event.id"];
  return Response.json({ name, ...toldOf(outcome), eventId, tookMs });
}

/** POST /api/v1/sinks/{name}/replay: some letters; `next` says where to go on. */
export async function replaySink(context: AdminContext): Promise<Response> {
  const sink = await usable(context);
  if (!sink.ok) return refuse(sink.error);
  const query = checkShape(context.req.query(), replayQuery);
  if (!query.ok) return refuse(query.error);
  const { registry, deadLetters } = context.get("services");
  const { name } = sink.value;
  if ((await registry().pausedSinks()).includes(name)) {
    return refuse({ reason: "sink_paused", name });
  }
  const { after, letters: most } = query.value;
  return Response.json(await replay({ sink: sink.value, deadLetters }, { after, most }));
}

function knownSinks({ configuredSinks, sinks }: Services): readonly Known[] {
  const configured = configuredSinks.map((each): Known => {
    const { name, kind } = each;
    return each.state === "ready"
      ? { name, kind, target: each.target, problems: [], sink: each.sink }
      : { name, kind, target: null, problems: [...each.problems], sink: undefined };
  });
  const names = new Set(configured.map(({ name }) => name));
  const own = sinks.filter(({ name }) => !names.has(name));
  return [
    ...configured,
    ...own.map((sink) => {
      return { name: sink.name, kind: "built-in", target: "the judge", problems: [], sink };
    }),
  ];
}

/** Sinks that are not there any more, but have dead letters. */
async function removedSinks(services: Services): Promise<readonly Known[]> {
  const there = new Set(knownSinks(services).map(({ name }) => name));
  const names = await services.deadLetters.sinks();
  const problems = ["is not in SINKS any more: put it back to replay what is parked"];
  return names
    .filter((name) => !there.has(name))
    .map((name) => ({ name, kind: removed, target: null, problems, sink: undefined }));
}

async function sought(context: AdminContext): Promise<Result<Known, Refusal>> {
  const permitted = permit(context, "operate", null);
  if (!permitted.ok) return permitted;
  const services = context.get("services");
  const name = context.req.param("name") ?? "";
  const known =
    knownSinks(services).find((each) => each.name === name) ??
    (await removedSinks(services)).find((each) => each.name === name);
  return known === undefined ? err({ reason: "unknown_id", kind: "sink", id: name }) : ok(known);
}

async function usable(context: AdminContext): Promise<Result<Sink, Refusal>> {
  const known = await sought(context);
  if (!known.ok) return known;
  const { name, problems, sink } = known.value;
  return sink === undefined ? err({ reason: "sink_unusable", name, problems }) : ok(sink);
}

async function view(
  { deadLetters }: Services,
  { name, kind, target, problems, sink }: Known,
  paused: ReadonlySet<string>,
): Promise<SinkView> {
  const { letters, more } = await deadLetters.list(name, { most: mostCounted });
  const events = letters.reduce((sum, each) => sum + each.events, 0);
  const wellState = paused.has(name) ? "paused" : "ready";
  const illState = kind === removed ? removed : "unusable";
  return {
    name,
    kind,
    state: sink === undefined ? illState : wellState,
    target,
    problems,
    parked: { events, letters: letters.length, more, why: letters[0]?.why ?? null },
  };
}

function toldOf(outcome: Awaited<ReturnType<Sink["send"]>>): {
  readonly outcome: "taken" | "refused" | "failed";
  readonly detail: string;
} {
  if (outcome.outcome === "failed") return { outcome: "failed", detail: outcome.why };
  const [refused] = outcome.refused;
  if (refused !== undefined) return { outcome: "refused", detail: refused.why };
  const isLater = outcome.retry.length > 0;
  return isLater ? { outcome: "failed", detail: "not now" } : { outcome: "taken", detail: "" };
}
