// A proxy in front of the Worker that can do to a request what networks do.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
};

/** What becomes of one request: `deliver` passes it on, and its answer back. */
export type Fate = (
  request: Seen,
  answer: {
    readonly deliver: () => Promise<void>;
    /** Has the Worker answer, and closes the connection instead of passing that on. */
    readonly lose: () => Promise<void>;
    readonly refuse: (
      status: number,
      headers: Readonly<Record<string, string>>,
      body?: string,
    ) => void;
  },
) => Promise<void> | void;

export type Proxy = {
  readonly url: string;
  readonly seen: Seen[];
  readonly stop: () => Promise<void>;
};

/** Starts a proxy to the origin `target`. */
export async function startProxy(target: string, fate: Fate): Promise<Proxy> {
  const seen: Seen[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const { method = "GET", url: path = "/", headers } = incoming;
      const request = { method, path, headers, body: new Uint8Array(await buffer(incoming)) };
      seen.push(request);
      await fate(request, {
        deliver: async () => relay(await forward(target, request), response),
        lose: async () => {
          await forward(target, request);
          incoming.socket.destroy();
        },
        refuse: (status, fields, body) => response.writeHead(status, fields).end(body),
      });
    })().catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function forward(target: string, request: Seen): Promise<Response> {
  const { method, path, headers, body } = request;
  const passed = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (!["host", "connection", "content-length", "transfer-encoding"].includes(name)) {
      passed.set(name, String(value));
    }
  }
  const init: RequestInit = { method, headers: passed };
  if (body.byteLength > 0) init.body = body.slice();
  const response = await fetch(target + path, init);
  return new Response(response.status === 204 ? null : await response.arrayBuffer(), response);
}

async function relay(from: Response, to: ServerResponse): Promise<void> {
  const type = from.headers.get("content-type");
  to.writeHead(from.status, type === null ? {} : { "content-type": type });
  to.end(new Uint8Array(await from.arrayBuffer()));
}
