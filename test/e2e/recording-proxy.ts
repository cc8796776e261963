// A proxy in front of a server that remembers every exchange.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly sent: Readonly<Record<string, string | undefined>>;
};

export type RecordingProxy = {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  readonly stop: () => Promise<void>;
};

const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);

/** Starts a proxy on a free port of loopback in front of `origin`. Bodies go up unread: GET alone. */
export async function startRecordingProxy(origin: string): Promise<RecordingProxy> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    const sent = request.headers as Record<string, string | undefined>;
    const headers = Object.entries(sent).filter(([name]) => !hopByHop.has(name));
    const { method = "GET", url: path = "/" } = request;
    void fetch(origin + path, {
      method,
      headers: headers as [string, string][],
      redirect: "manual",
    })
      .then(async (answer) => {
        exchanges.push({ method, path, status: answer.status, sent });
        const fields = [...answer.headers].filter(
          // fetch has decoded the body already.
          ([name]) => !["content-encoding", "content-length", ...hopByHop].includes(name),
        );
        response.writeHead(answer.status, Object.fromEntries(fields));
        response.end(Buffer.from(await answer.arrayBuffer()));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    exchanges,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
