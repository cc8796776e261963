// Commands over a WebSocket, as the Chrome DevTools Protocol and WebDriver BiDi frame
// them: `{ id, method, params }` out; `{ id, result }`, `{ id, error }` or an event back.
import { once } from "node:events";

export type RemoteEvent = {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Of CDP alone: whose event it is. */
  readonly sessionId?: string;
};

type Answer = {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly message?: string;
};

export type RemoteSocket = {
  /** Sends one command and returns its result; throws what the browser says against it, or after 30 s. */
  readonly send: (method: string, params?: object, sessionId?: string) => Promise<unknown>;
  /** Hears every event; what it returns ends that. */
  readonly listen: (listener: (event: RemoteEvent) => void) => () => void;
};

const patienceMs = 30_000;

/** Connects to a browser that was started with a port for this. */
export async function connect(url: string): Promise<RemoteSocket> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  const pending = new Map<number, PromiseWithResolvers<Answer>>();
  const listeners = new Set<(event: RemoteEvent) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const said = JSON.parse(String(data)) as Answer | RemoteEvent;
    if ("method" in said) for (const listener of listeners) listener(said);
    else if (said.id !== undefined) pending.get(said.id)?.resolve(said);
  });
  socket.addEventListener("close", () => {
    for (const { reject } of pending.values()) reject(new Error("the browser is gone"));
  });

  return {
    send: async (method, params = {}, sessionId) => {
      last += 1;
      const id = last;
      const answer = Promise.withResolvers<Answer>();
      pending.set(id, answer);
      const timer = setTimeout(
        () => answer.reject(new Error(`${method}: no answer in ${patienceMs} ms`)),
        patienceMs,
      );
      try {
        socket.send(JSON.stringify({ id, method, params, sessionId }));
        const { result, error, message } = await answer.promise;
        if (error !== undefined) {
          throw new Error(`${method}: ${JSON.stringify(error)} ${message ?? ""}`.trimEnd());
        }
        return result;
      } finally {
        clearTimeout(timer);
        pending.delete(id);
      }
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
