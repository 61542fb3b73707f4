'use client';

// Keeps unsent texts by conversation, also while other conversations are open. A reload forgets them.
import { useSyncExternalStore } from 'react';

const drafts = new Map<string, string>();
const listeners = new Set<() => void>();

export const readDraft = (conversationId: string): string => drafts.get(conversationId) ?? '';

export function keepDraft(conversationId: string, text: string): void {
  if (text === '') drafts.delete(conversationId);
  else drafts.set(conversationId, text);
  for (const tell of listeners) tell();
}

/** Puts back a text that could not be sent; false if something else has been written meanwhile. */
export function returnDraft(conversationId: string, text: string): boolean {
  if (readDraft(conversationId) !== '') return false;
  keepDraft(conversationId, text);
  return true;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useDraft = (conversationId: string): string =>
  useSyncExternalStore(
    subscribe,
    () => readDraft(conversationId),
    () => '',
  );
