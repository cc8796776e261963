// A Chromium that is told what to do through its own protocol alone: automation
// libraries keep every page visible and in focus, and real tabs are not.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureChromium, flags } from "../chromium.ts";

type Answer = { readonly id?: number; readonly result?: unknown; readonly error?: unknown };
type Notice = { readonly method: string; readonly params: { readonly value?: TraceEvent[] } };

/** An event of a trace: its process, thread and beginning, how long it took and how long it had a core, in µs. */
export type TraceEvent = {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string; readonly type?: string } };
};

export type RawTab = {
  readonly targetId: string;
  /** Sends one command to the tab. */
  readonly send: (method: string, params?: object) => Promise<unknown>;
};

export type RawBrowser = {
  /** Sends one command to the browser. */
  readonly send: (method: string, params?: object) => Promise<unknown>;
  /** Opens a blank tab; one in a window of its own is visible. */
  readonly open: (options?: { readonly newWindow?: boolean }) => Promise<RawTab>;
  /** Begins a trace of what DevTools shows as the timeline; what it returns ends it. */
  readonly trace: () => Promise<() => Promise<readonly TraceEvent[]>>;
  /** Ends the process without a warning. */
  readonly kill: () => Promise<void>;
};

/** Starts one, with an empty profile. */
export async function startRawBrowser(): Promise<RawBrowser> {
  const profile = await mkdtemp(join(tmpdir(), "aviary-chromium-"));
  const args = [...flags, "--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
  const child = spawn(ensureChromium(), args, { stdio: ["ignore", "ignore", "pipe"] });
  const socket = new WebSocket(await endpointOf(child.stderr));
  await once(socket, "open");
  const pending = new Map<number, (answer: Answer) => void>();
  const listeners = new Set<(notice: Notice) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const said = JSON.parse(String(data)) as Answer | Notice;
    if ("method" in said) for (const listener of listeners) listener(said);
    else if (said.id !== undefined) pending.get(said.id)?.(said);
  });

  async function send(method: string, params = {}, sessionId?: string): Promise<unknown> {
    last += 1;
    const id = last;
    const answer = new Promise<Answer>((resolve) => pending.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await answer;
    pending.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  async function trace(): Promise<() => Promise<readonly TraceEvent[]>> {
    const events: TraceEvent[] = [];
    const over = Promise.withResolvers<void>();
    const listener = ({ method, params }: Notice): void => {
      if (method === "Tracing.dataCollected") events.push(...(params.value ?? []));
      if (method === "Tracing.tracingComplete") over.resolve();
    };
    listeners.add(listener);
    await send("Tracing.start", {
      traceConfig: { includedCategories: ["devtools.timeline"], excludedCategories: ["*"] },
    });
    return async () => {
      await send("Tracing.end");
      await over.promise;
      listeners.delete(listener);
      return events;
    };
  }

  return {
    send,
    trace,
    open: async (options = {}) => {
      const created = await send("Target.createTarget", { url: "about:blank", ...options });
      const { targetId } = created as { targetId: string };
      const attached = await send("Target.attachToTarget", { targetId, flatten: true });
      const { sessionId } = attached as { sessionId: string };
      return { targetId, send: (method, params) => send(method, params, sessionId) };
    },
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function endpointOf(stderr: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const chunk of stderr) {
    text += chunk.toString();
    const found = /ws:\S+/.exec(text);
    if (found !== null) return found[0];
  }
  throw new Error(`Chromium did not start: ${text}`);
}
