// A third party: what is under /told tells pages its timing and its size, what is under
// /untold does not.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

export type Neighbour = { readonly url: string; readonly stop: () => Promise<void> };

/** Keeps the main thread busy, and asks for layouts meanwhile where it is told to. */
const script = `self.work = (ms, layouts) => {
  for (const start = performance.now(); performance.now() - start < ms; ) {
    if (!layouts) continue;
    document.body.style.paddingTop = Math.random() + "px";
    document.body.offsetHeight;
  }
};`;
const image = `<svg xmlns="http://www.w3.org/2000/svg" width="500" height="400"><rect width="500" height="400" fill="teal"/><!--${"tea".repeat(30_000)}--></svg>`;

/** Starts it on a free port of loopback; `?slow=` says how many ms it takes. */
export async function startNeighbour(): Promise<Neighbour> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://neighbour");
    if (pathname.startsWith("/told/")) response.setHeader("timing-allow-origin", "*");
    response.setHeader("access-control-allow-origin", "*");
    const isScript = pathname.endsWith(".js");
    response.setHeader("content-type", isScript ? "text/javascript" : "image/svg+xml");
    void wait(Number(searchParams.get("slow") ?? 0)).then(() =>
      response.end(isScript ? script : image),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
