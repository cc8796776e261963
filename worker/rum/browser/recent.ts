// Lists that forget their oldest, so that no page fills them.

const most = 200;

/** Puts an item at the end of a list of at most 200. */
export const remember = <T>(list: T[], item: T): void => {
  if (list.push(item) > most) list.shift();
};
