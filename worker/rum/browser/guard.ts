// Nothing that the collector does may throw into the page: every way in goes through
// here, and what had to be left out is counted in the shown view's row.
import { lateBeaconOmittedCount } from "#rum/positions.ts";
import { current } from "./page-view.ts";

/** Counts one thing that the page said or let us ask, and that is left out. */
export const omit = (): void => {
  // Before the first view there is nobody to tell.
  if (current) current.row[lateBeaconOmittedCount]! += 1;
};

/** The same function, whose errors end nothing but itself. */
export const guarded =
  <A extends readonly unknown[]>(run: (...given: A) => void) =>
  (...given: A): void => {
    try {
      run(...given);
    } catch {
      // A page without this measurement is better than one with our error.
      omit();
    }
  };

type Heard = WindowEventMap & DocumentEventMap;

/** Listens to an event of the window, after everybody else. */
export const listen = <K extends keyof Heard>(type: K, run: (event: Heard[K]) => void): void => {
  addEventListener(type, guarded(run) as EventListener);
};

/** The host of a URL, and nothing else of it; undefined for what has none. */
export const hostOf = (url: string | undefined): string | undefined => {
  try {
    return new URL(url!).host || undefined;
  } catch {
    return undefined;
  }
};
