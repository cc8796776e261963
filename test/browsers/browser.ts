// The one interface over three browsers. Nothing is emulated: tabs are visible, hidden and
// in focus as a visitor's are, and what a browser's protocol cannot do is undefined here.

/** Every engine that tests run in. */
export const browserNames = ["chromium", "firefox", "webkit"] as const;
export type BrowserName = (typeof browserNames)[number];

/** Something that a page wrote to its console, or did not catch. */
export type Message = { readonly level: string; readonly text: string };

export type Tab = {
  /** Begins to load a URL and returns before it is loaded, perhaps before it is there. */
  readonly navigate: (url: string) => Promise<void>;
  /** Loads a URL, and returns when its `load` event has run. */
  readonly goto: (url: string) => Promise<void>;
  /** Loads the page again, as `goto` does. */
  readonly reload: () => Promise<void>;
  /** Goes back in the tab's history, into the back/forward cache where the browser keeps one. */
  readonly back: () => Promise<void>;
  readonly forward: () => Promise<void>;
  /** The value of an expression, or of the promise that it is, as JSON would carry it; throws what it throws. */
  readonly evaluate: (expression: string) => Promise<unknown>;
  /** Waits until an expression is truthy; it is asked again each 20 ms. */
  readonly until: (expression: string) => Promise<void>;
  /** Presses the mouse on the middle of the first element of that selector. */
  readonly click: (selector: string) => Promise<void>;
  /** Presses one key after the other, wherever the focus is. */
  readonly type: (text: string) => Promise<void>;
  /** Hides the page, as minimising its window or looking at another tab does. */
  readonly hide: () => Promise<void>;
  readonly show: () => Promise<void>;
  /** What the page has said so far; in WebKit, whose protocol does not tell, of pages that carry `messageListener`. */
  readonly messages: () => Promise<readonly Message[]>;
  /** Runs a script first in every page that this tab loads from now on; undefined where that cannot be done. */
  readonly addInitScript: ((source: string) => Promise<void>) | undefined;
  readonly close: () => Promise<void>;
};

export type TestBrowser = {
  readonly name: BrowserName;
  /** As it calls itself, as `153.7.0`. */
  readonly version: string;
  readonly pid: number;
  /** Opens a blank tab in a window of its own: it is visible. */
  readonly open: () => Promise<Tab>;
  /** Ends every process of the browser without a warning, and removes its profile. */
  readonly kill: () => Promise<void>;
};

/** Keeps what a page says, for `messages`, where it stands first in the page. */
export const messageListener = `(() => {
  const said = (document[Symbol.for("messages")] = []);
  for (const level of ["log", "info", "warn", "error", "debug"]) {
    const write = console[level];
    console[level] = (...all) => {
      said.push({ level, text: all.map(String).join(" ") });
      write.apply(console, all);
    };
  }
  addEventListener("error", ({ message }) => { if (message) said.push({ level: "exception", text: message }); });
  addEventListener("unhandledrejection", ({ reason }) => said.push({ level: "exception", text: String(reason) }));
})();`;
