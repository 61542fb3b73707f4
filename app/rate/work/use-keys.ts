'use client';

// Keys of the workplace, which act only while no text field, menu or dialog has the focus.
import { useEffect, useRef } from 'react';
import { isComposing } from '@/app/lib/keys';

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.closest(
    'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable], [role=dialog], [role=menu]',
  ) !== null;

/** `onKey` returns whether it used the key: a lower-case letter, a digit, or a name such as Enter. */
export function useKeys(onKey: (key: string, target: HTMLElement) => boolean): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
      if (isComposing(event) || isTyping(event.target)) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (latest.current(key, event.target as HTMLElement)) event.preventDefault();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
