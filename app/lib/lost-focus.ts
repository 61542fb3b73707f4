// Gives the focus a place when the control that had it is gone: otherwise it falls to the page, and the reader starts over.

/** Longer than a dialog takes to close and to give the focus back. */
const SETTLED_MS = 50;

/** Does nothing if something else has the focus by then. */
export function catchFocus(find: () => HTMLElement | null | undefined): void {
  setTimeout(() => {
    if (document.activeElement === null || document.activeElement === document.body) find()?.focus();
  }, SETTLED_MS);
}
