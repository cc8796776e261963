// Input as both WebDrivers describe it: https://www.w3.org/TR/webdriver2/#actions
import type { Point } from "./tab.ts";

/** The mouse moves to a point of the viewport, and its button goes down and up. */
export function pressAt({ x, y }: Point): object {
  return {
    type: "pointer",
    id: "mouse",
    parameters: { pointerType: "mouse" },
    actions: [
      { type: "pointerMove", duration: 0, x, y },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ],
  };
}

/** One key after the other goes down and up. */
export function keysOf(text: string): object {
  return {
    type: "key",
    id: "keyboard",
    actions: Array.from(text).flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]),
  };
}
