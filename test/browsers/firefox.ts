// Firefox as Debian has it, over WebDriver BiDi: https://w3c.github.io/webdriver-bidi/
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Message, Tab, TestBrowser } from "./browser.ts";
import { ensureFirefox } from "./ensure-browsers.ts";
import { keysOf, pressAt } from "./input-sources.ts";
import { ownFolder, saidBy, startIn } from "./own-process.ts";
import { connect, type RemoteSocket } from "./remote-socket.ts";
import { tabOver } from "./tab.ts";

/** A value of the page, as the protocol serialises it. */
type Remote =
  | { readonly type: "array" | "set"; readonly value: readonly Remote[] }
  | { readonly type: "object" | "map"; readonly value: readonly (readonly [string, Remote])[] }
  | { readonly type: "number"; readonly value: number | "NaN" | "-0" | "Infinity" | "-Infinity" }
  | { readonly type: "string" | "boolean"; readonly value: string | boolean }
  | { readonly type: "null" | "undefined" };

type Evaluated =
  | { readonly type: "success"; readonly result: Remote }
  | { readonly type: "exception"; readonly exceptionDetails: { readonly text: string } };

type LogEntry = {
  readonly type: string;
  readonly level: string;
  readonly text: string;
  readonly source: { readonly context?: string };
};

const quiet = `user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.tabs.warnOnClose", false);
`;

/** Starts one, with an empty profile. */
export async function startFirefox(): Promise<TestBrowser> {
  const command = ensureFirefox();
  const folder = await ownFolder("firefox");
  await writeFile(join(folder, "user.js"), quiet);
  const args = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", folder];
  const own = startIn(folder, { command, args });
  const { pid, kill } = own;
  try {
    const endpoint = await saidBy(own, { on: 2, pattern: /ws:\S+/ });
    const socket = await connect(`${endpoint}/session`);
    const session = await socket.send("session.new", { capabilities: {} });
    const { capabilities } = session as { capabilities: { browserVersion: string } };
    const said = await listenToPages(socket);
    const open = (): Promise<Tab> => openTab(socket, said);
    return { name: "firefox", version: capabilities.browserVersion, pid, open, kill };
  } catch (cause) {
    await kill();
    throw new Error("Firefox did not start", { cause });
  }
}

/** Keeps what pages say, by tab. */
async function listenToPages(socket: RemoteSocket): Promise<Map<string, Message[]>> {
  const said = new Map<string, Message[]>();
  socket.listen(({ method, params }) => {
    if (method !== "log.entryAdded") return;
    const { type, level, text, source } = params as LogEntry;
    // What the browser says of a policy is no exception of the page's.
    const kind = text.startsWith("Content-Security-Policy: ") ? "security" : "exception";
    said.get(source.context ?? "")?.push({ level: type === "javascript" ? kind : level, text });
  });
  await socket.send("session.subscribe", { events: ["log.entryAdded"] });
  return said;
}

async function openTab(socket: RemoteSocket, said: Map<string, Message[]>): Promise<Tab> {
  const created = await socket.send("browsingContext.create", { type: "window" });
  const { context } = created as { context: string };
  const messages: Message[] = [];
  said.set(context, messages);
  let inFront: string | undefined;

  const perform = async (source: object): Promise<void> =>
    void (await socket.send("input.performActions", { context, actions: [source] }));

  return tabOver({
    navigate: async (url) =>
      void (await socket.send("browsingContext.navigate", { context, url, wait: "none" })),
    startReload: async () =>
      void (await socket.send("browsingContext.reload", { context, wait: "none" })),
    traverse: async (delta) =>
      void (await socket.send("browsingContext.traverseHistory", { context, delta })),
    evaluate: async (expression) => {
      const target = { context };
      const asked = { expression, target, awaitPromise: true };
      const evaluated = (await socket.send("script.evaluate", asked)) as Evaluated;
      if (evaluated.type === "exception") throw new Error(evaluated.exceptionDetails.text);
      return valueOf(evaluated.result);
    },
    clickAt: (point) => perform(pressAt(point)),
    type: (text) => perform(keysOf(text)),
    hide: async () => {
      const beside = { type: "tab", referenceContext: context };
      const other = await socket.send("browsingContext.create", beside);
      inFront = (other as { context: string }).context;
    },
    show: async () => {
      await socket.send("browsingContext.activate", { context });
      if (inFront !== undefined) await socket.send("browsingContext.close", { context: inFront });
      inFront = undefined;
    },
    messages: async () => messages,
    addInitScript: async (source) => {
      const functionDeclaration = `() => { ${source}\n}`;
      await socket.send("script.addPreloadScript", { functionDeclaration, contexts: [context] });
    },
    close: async () => void (await socket.send("browsingContext.close", { context })),
  });
}

/** As JSON would carry it: what JSON cannot say is null. */
function valueOf(remote: Remote): unknown {
  switch (remote.type) {
    case "array":
    case "set":
      return remote.value.map(valueOf);
    case "object":
    case "map":
      return Object.fromEntries(remote.value.map(([key, value]) => [key, valueOf(value)]));
    case "number":
      return Number.isFinite(Number(remote.value)) ? Number(remote.value) : null;
    case "string":
    case "boolean":
      return remote.value;
    case "undefined":
      return undefined;
    case "null":
    default:
      return null;
  }
}
