'use client';

// Whether this browser tells an admin when a run ends: a choice that is kept here and made by a click.
import { useSyncExternalStore } from 'react';
import { askToNotify, mayNotify } from '@/app/lib/secure-context';

const KEY = 'attune.tell-run-ends';
const CHANGED = 'attune-tell-run-ends';

/** `silent`: the tab's title says it, because the browser offers no notifications here or the person refused them. */
export type NoticeChoice = 'off' | 'silent' | 'on';

function read(): NoticeChoice {
  if (localStorage.getItem(KEY) !== 'yes') return 'off';
  return mayNotify() ? 'on' : 'silent';
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener(CHANGED, onChange);
  window.addEventListener('storage', onChange);
  return () => {
    window.removeEventListener(CHANGED, onChange);
    window.removeEventListener('storage', onChange);
  };
}

export function useNoticeChoice(): NoticeChoice {
  return useSyncExternalStore(subscribe, read, () => 'off' as const);
}

/** Asks for the permission only here, on a click. */
export async function chooseNotices(isOn: boolean): Promise<void> {
  if (isOn) await askToNotify();
  if (isOn) localStorage.setItem(KEY, 'yes');
  else localStorage.removeItem(KEY);
  window.dispatchEvent(new Event(CHANGED));
}
