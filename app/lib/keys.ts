// Which key press means "send": Enter alone, and never the Enter that confirms a word of an input method.
import type { KeyboardEvent } from 'react';

/** keyCode 229 is what Safari reports for the Enter that ends a composition, after isComposing is already false. */
export const isSendKey = (event: KeyboardEvent): boolean =>
  event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing && event.keyCode !== 229;

/** Whether a key press belongs to a text that is being written. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
