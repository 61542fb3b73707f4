// Decides which key presses count; none does while an input method composes a word.
import type { KeyboardEvent as ReactKeyboardEvent } from 'react';

/** keyCode 229 is what Safari reports for the key that ends a composition, after isComposing is already false. */
export const isComposing = (event: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean =>
  event.isComposing || event.keyCode === 229;

/** For code that is told of keys only while no word is being composed. */
export const ENTER = 'Enter';

/** Enter without Shift. */
export const isSendKey = (event: ReactKeyboardEvent): boolean =>
  event.key === ENTER && !event.shiftKey && !isComposing(event.nativeEvent);

/** Enter with Ctrl or Cmd, which sends from a field of several lines. */
export const isSubmitKey = (event: ReactKeyboardEvent): boolean => isSendKey(event) && (event.ctrlKey || event.metaKey);

export const isCancelKey = (event: ReactKeyboardEvent): boolean =>
  event.key === 'Escape' && !isComposing(event.nativeEvent);

/** For layers that close on Escape: an Escape that cancels a composed word is not meant for them. */
export function keepOpenWhileComposing(event: KeyboardEvent): void {
  if (isComposing(event)) event.preventDefault();
}

/** A key that would write something if a text field had the focus. Not Space, which scrolls the page. */
export const isWriting = (event: KeyboardEvent): boolean =>
  !event.ctrlKey && !event.metaKey && !event.altKey && (isComposing(event) || /^[^\s]$/u.test(event.key));
