// Somebody else's site: pages and scripts on an origin of their own.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Site = {
  readonly url: string;
  /** Puts `body` under `path`; a path that ends in .js is a script, anything else a page. */
  readonly serve: (path: string, body: string) => void;
  readonly stop: () => Promise<void>;
};

/** Starts an empty site on a free port of loopback. */
export async function startSite(): Promise<Site> {
  const bodies = new Map<string, string>();
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const body = bodies.get(path);
    response.statusCode = body === undefined ? 404 : 200;
    const type = path.endsWith(".js") ? "text/javascript" : "text/html";
    response.setHeader("content-type", `${type}; charset=utf-8`);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    serve: (path, body) => void bodies.set(path, body),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
