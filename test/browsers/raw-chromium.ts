// A Chromium that is told what to do through its own protocol alone: automation
// libraries keep every page visible and in focus, and real tabs are not.
import { flags } from "../chromium.ts";
import { ensureChromium } from "./ensure-browsers.ts";
import { ownFolder, saidBy, startIn } from "./own-process.ts";
import { connect, type RemoteEvent, type RemoteSocket } from "./remote-socket.ts";

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
  /** Hears the tab's events, of the domains that it was told to enable. */
  readonly listen: (listener: (event: RemoteEvent) => void) => () => void;
};

export type RawBrowser = {
  readonly pid: number;
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
  const folder = await ownFolder("chromium");
  const args = [...flags, "--headless", "--remote-debugging-port=0", `--user-data-dir=${folder}`];
  const own = startIn(folder, { command: ensureChromium(), args });
  try {
    const socket = await connect(await saidBy(own, { on: 2, pattern: /ws:\S+/ }));
    return { ...over(socket), pid: own.pid, kill: own.kill };
  } catch (cause) {
    await own.kill();
    throw new Error("Chromium did not start", { cause });
  }
}

function over({ send, listen }: RemoteSocket): Omit<RawBrowser, "kill" | "pid"> {
  async function trace(): Promise<() => Promise<readonly TraceEvent[]>> {
    const events: TraceEvent[] = [];
    const complete = Promise.withResolvers<void>();
    const forget = listen(({ method, params }) => {
      if (method === "Tracing.dataCollected") events.push(...(params["value"] as TraceEvent[]));
      if (method === "Tracing.tracingComplete") complete.resolve();
    });
    await send("Tracing.start", {
      traceConfig: { includedCategories: ["devtools.timeline"], excludedCategories: ["*"] },
    });
    return async () => {
      await send("Tracing.end");
      await complete.promise;
      forget();
      return events;
    };
  }

  return {
    send: (method, params) => send(method, params),
    trace,
    open: async (options = {}) => {
      const created = await send("Target.createTarget", { url: "about:blank", ...options });
      const { targetId } = created as { targetId: string };
      const attached = await send("Target.attachToTarget", { targetId, flatten: true });
      const { sessionId } = attached as { sessionId: string };
      return {
        targetId,
        send: (method, params) => send(method, params, sessionId),
        listen: (listener) =>
          listen((event) => {
            if (event.sessionId === sessionId) listener(event);
          }),
      };
    },
  };
}
