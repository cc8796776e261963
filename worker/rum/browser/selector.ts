// Names an element by tags, classes and an id: never by what the page says in it.

const mostChars = 100;
const hasDigit = /\d/;

/**
 * A selector of at most 100 characters; classes and ids with digits are left out, as they
 * may name somebody. Undefined for what is gone, and where a form's fields bear the names
 * of what we ask it for.
 */
export const selectorOf = (node: Node | null | undefined): string | undefined => {
  try {
    return stepsTo(node);
  } catch {
    return undefined;
  }
};

const stepsTo = (node: Node | null | undefined): string | undefined => {
  let selector = "";
  for (let at = node; at && at.nodeType !== 9; at = at.parentNode) {
    const { id, classList } = at as Element;
    const named = typeof id === "string" && id !== "" && !hasDigit.test(id);
    const classes = named ? [] : [...(classList ?? [])].filter((name) => !hasDigit.test(name));
    const step = named ? `#${id}` : [at.nodeName.toLowerCase(), ...classes].join(".");
    const longer = selector === "" ? step : `${step}>${selector}`;
    if (longer.length > mostChars) return selector || step.slice(0, mostChars);
    selector = longer;
    if (named) break;
  }
  return selector || undefined;
};
