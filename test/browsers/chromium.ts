// Chromium over its own protocol: https://chromedevtools.github.io/devtools-protocol/
import type { Message, Tab, TestBrowser } from "./browser.ts";
import { startRawBrowser, type RawBrowser, type RawTab } from "./raw-chromium.ts";
import type { RemoteEvent } from "./remote-socket.ts";
import { tabOver } from "./tab.ts";

type Evaluated = {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
};

type History = {
  readonly currentIndex: number;
  readonly entries: readonly { readonly id: number }[];
};

/** Starts one, with an empty profile. */
export async function startChromium(): Promise<TestBrowser> {
  const browser = await startRawBrowser();
  const { product } = (await browser.send("Browser.getVersion")) as { product: string };
  return {
    name: "chromium",
    version: product.split("/")[1] ?? product,
    pid: browser.pid,
    open: async () => openTab(browser, await browser.open({ newWindow: true })),
    kill: browser.kill,
  };
}

async function openTab(browser: RawBrowser, tab: RawTab): Promise<Tab> {
  const { targetId, send } = tab;
  const messages: Message[] = [];
  tab.listen((event) => {
    const message = messageIn(event);
    if (message !== undefined) messages.push(message);
  });
  await send("Runtime.enable");
  await send("Page.enable");

  const resize = async (windowState: "minimized" | "normal"): Promise<void> => {
    const { windowId } = (await send("Browser.getWindowForTarget")) as { windowId: number };
    await send("Browser.setWindowBounds", { windowId, bounds: { windowState } });
  };

  return tabOver({
    // The command answers when the page has come or not, which may take as long as it likes.
    navigate: async (url) => void send("Page.navigate", { url }).catch(() => undefined),
    startReload: async () => void (await send("Page.reload")),
    traverse: async (delta) => {
      const history = (await send("Page.getNavigationHistory")) as History;
      const entry = history.entries[history.currentIndex + delta];
      if (entry === undefined) throw new Error("there is no such page in the history");
      await send("Page.navigateToHistoryEntry", { entryId: entry.id });
    },
    evaluate: async (expression) => {
      const asked = { expression, awaitPromise: true, returnByValue: true };
      const evaluated = (await send("Runtime.evaluate", asked)) as Evaluated;
      const { result, exceptionDetails: thrown } = evaluated;
      if (thrown !== undefined) throw new Error(thrown.exception?.description ?? thrown.text);
      return result.value;
    },
    clickAt: async (point) => {
      for (const type of ["mouseMoved", "mousePressed", "mouseReleased"]) {
        const button = type === "mouseMoved" ? "none" : "left";
        await send("Input.dispatchMouseEvent", { type, ...point, button, clickCount: 1 });
      }
    },
    type: async (text) => {
      for (const key of text) {
        await send("Input.dispatchKeyEvent", { type: "keyDown", key, text: key });
        await send("Input.dispatchKeyEvent", { type: "keyUp", key });
      }
    },
    hide: () => resize("minimized"),
    show: () => resize("normal"),
    messages: async () => messages,
    addInitScript: async (source) =>
      void (await send("Page.addScriptToEvaluateOnNewDocument", { source })),
    close: async () => void (await browser.send("Target.closeTarget", { targetId })),
  });
}

type Said = {
  readonly type: string;
  readonly args: readonly { readonly value?: string | boolean; readonly description?: string }[];
};

function messageIn({ method, params }: RemoteEvent): Message | undefined {
  if (method === "Runtime.exceptionThrown") {
    const { text, exception } = params["exceptionDetails"] as NonNullable<
      Evaluated["exceptionDetails"]
    >;
    return { level: "exception", text: exception?.description ?? text };
  }
  if (method !== "Runtime.consoleAPICalled") return undefined;
  const { type, args } = params as unknown as Said;
  const text = args.map(({ value, description }) => description ?? String(value)).join(" ");
  return { level: type === "warning" ? "warn" : type, text };
}
