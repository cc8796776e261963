// A server that stands in for what a sink sends to, over real HTTP on loopback. It
// answers as its protocol would, or as bad as it is told to.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Without its content coding. */
  readonly body: Buffer;
};

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** `slow` never answers, `reset` cuts the connection. */
type Mood = "well" | "slow" | "reset" | Answer;

export type StandIn = {
  readonly url: string;
  /** How it is now. */
  mood: Mood;
  /** What it was asked so far, whatever its mood. */
  readonly asked: readonly Asked[];
};

type Answering = (asked: Asked) => Answer | Promise<Answer>;

/** Starts one for a test; it ends with the test. */
export async function standIn(answer: Answering): Promise<StandIn> {
  const server = await startServer(answer);
  onTestFinished(server.stop);
  return server;
}

/** Starts one that the caller stops. */
export async function startServer(
  answer: Answering,
): Promise<StandIn & { readonly stop: () => void }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  const state = { url: `http://127.0.0.1:${port}`, mood: "well" as Mood, asked, stop };
  return state;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks);
    const isGzip = request.headers["content-encoding"] === "gzip";
    const came: Asked = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers as Record<string, string>,
      body: isGzip ? gunzipSync(sent) : sent,
    };
    asked.push(came);
    const { mood } = state;
    if (mood === "slow") return;
    if (mood === "reset") {
      request.socket.resetAndDestroy();
      return;
    }
    const { status, headers = {}, body = "" } = mood === "well" ? await answer(came) : mood;
    response.writeHead(status, headers).end(body);
  }
}
