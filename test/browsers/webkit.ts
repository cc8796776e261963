// WebKitGTK's own small browser over classic WebDriver (https://www.w3.org/TR/webdriver2/),
// on a screen of its own that nobody sees. The protocol has one window at a time, so that
// commands for several tabs go one after the other; it runs no script before a page's.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Message, Tab, TestBrowser } from "./browser.ts";
import { ensureWebkit } from "./ensure-browsers.ts";
import { keysOf, pressAt } from "./input-sources.ts";
import { ownFolder, saidBy, startIn, type OwnProcess } from "./own-process.ts";
import { tabOver } from "./tab.ts";

type Command = (method: "GET" | "POST" | "DELETE", path: string, body?: object) => Promise<unknown>;

type Session = {
  readonly sessionId: string;
  readonly capabilities: { readonly browserVersion: string };
};

const patienceMs = 30_000;

/** Starts one, with a folder and a screen of its own. */
export async function startWebkit(): Promise<TestBrowser> {
  const { driver, miniBrowser, xvfb } = ensureWebkit();
  const screen = await startScreen(xvfb);
  const folder = await ownFolder("webkit");
  const port = await freePort();
  const own = startIn(folder, {
    command: driver,
    args: [`--port=${port}`],
    env: { DISPLAY: screen.display, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1" },
  });
  own.child.stderr?.resume();
  const kill = async (): Promise<void> => {
    await own.kill();
    await screen.kill();
  };
  try {
    const driverCommand = commandOf(`http://127.0.0.1:${port}`);
    await untilReady(driverCommand, own);
    // Pages that never load are loaded here: tabs wait for themselves.
    const wanted = {
      pageLoadStrategy: "none",
      "webkitgtk:browserOptions": { binary: miniBrowser, args: ["--automation"] },
    };
    const asked = { capabilities: { alwaysMatch: wanted } };
    const { sessionId, capabilities } = (await driverCommand("POST", "/session", asked)) as Session;
    const command = commandOf(`http://127.0.0.1:${port}/session/${sessionId}`);
    const open = tabsOf(command);
    return { name: "webkit", version: capabilities.browserVersion, pid: own.pid, open, kill };
  } catch (cause) {
    await kill();
    throw new Error("WebKit did not start", { cause });
  }
}

async function startScreen(xvfb: string): Promise<OwnProcess & { readonly display: string }> {
  const args = ["-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"];
  const own = startIn(await ownFolder("screen"), { command: xvfb, args });
  const number = await saidBy(own, { on: 3, pattern: /\d+(?=\n)/ });
  return { ...own, display: `:${number}` };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

function commandOf(base: string): Command {
  return async (method, path, body = {}) => {
    const response = await fetch(base + path, {
      method,
      ...(method === "POST" && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const { value } = await response.json<{ readonly value: unknown }>();
    if (response.ok) return value;
    const { error, message } = value as { error: string; message: string };
    throw new Error(`${path}: ${error}: ${message}`);
  };
}

async function untilReady(command: Command, { child }: OwnProcess): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return void (await command("GET", "/status"));
    } catch (cause) {
      const isOver = child.exitCode !== null || performance.now() > deadlineMs;
      if (isOver) throw new Error("the driver does not answer", { cause });
      await wait(20);
    }
  }
}

/** Opens tabs of a session. The one that it came with stays: a session ends with its last. */
function tabsOf(command: Command): () => Promise<Tab> {
  let home: string | undefined;
  let current: string | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  /** Does something once everything before it is done. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = queue.then(work);
    queue = mine.catch(() => undefined);
    return mine;
  }

  async function switchTo(handle: string): Promise<void> {
    if (current !== handle) await command("POST", "/window", { handle });
    current = handle;
  }

  async function newHandle(): Promise<string> {
    home ??= (await command("GET", "/window")) as string;
    await switchTo(home);
    const made = await command("POST", "/window/new", { type: "window" });
    return (made as { handle: string }).handle;
  }

  return async () => {
    const handle = await inTurn(newHandle);
    return tabOf((method, path, body) =>
      inTurn(async () => {
        await switchTo(handle);
        const value = await command(method, path, body);
        if (method === "DELETE" && path === "/window") current = undefined;
        return value;
      }),
    );
  };
}

function tabOf(command: Command): Tab {
  const perform = async (source: object): Promise<void> =>
    void (await command("POST", "/actions", { actions: [source] }));
  const evaluate = async (expression: string): Promise<unknown> => {
    const script = `const done = arguments[arguments.length - 1];
      ${textOf}
      (async () => (${expression}
      ))().then((value) => done("+" + textOf(value)), (error) => done("-" + error));`;
    const said = (await command("POST", "/execute/async", { script, args: [] })) as string;
    const text = said.slice(1);
    if (said.startsWith("-")) throw new Error(text);
    return text === "undefined" ? undefined : (JSON.parse(text) as unknown);
  };

  return tabOver({
    navigate: async (url) => void (await command("POST", "/url", { url })),
    startReload: async () => void (await command("POST", "/refresh")),
    traverse: async (delta) => void (await command("POST", delta < 0 ? "/back" : "/forward")),
    evaluate,
    clickAt: (point) => perform(pressAt(point)),
    type: (text) => perform(keysOf(text)),
    hide: async () => void (await command("POST", "/window/minimize")),
    show: async () => void (await command("POST", "/window/rect", { width: 1_000, height: 800 })),
    messages: async () =>
      (await evaluate(`document[Symbol.for("messages")]`)) as readonly Message[],
    addInitScript: undefined,
    close: async () => void (await command("DELETE", "/window")),
  });
}

/** JSON's text of a value, without what a page may have put into prototypes. */
const textOf = `const textOf = (value) => {
  if (value === null || typeof value !== "object") return String(JSON.stringify(value));
  const written = (each) => (each === "undefined" ? "null" : each);
  if (Array.isArray(value)) return "[" + Array.from(value, (each) => written(textOf(each))).join() + "]";
  const fields = Object.keys(value).map((name) => JSON.stringify(name) + ":" + written(textOf(value[name])));
  return "{" + fields.join() + "}";
};`;
