'use client';

// One kind of feedback that a person gives on one thing: saves, changes and removes it, and undoes each of these.
import { useState } from 'react';
import type { FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';

/** What a person has said of one kind. */
export interface Said<Kind extends FeedbackKind = FeedbackKind> {
  value: FeedbackValue<Kind>;
  comment: string | null;
}

/** The last action; `kept` is what was there before it, for undo. */
export type LastAct<Kind extends FeedbackKind> = { did: 'saved' | 'removed'; kept: Said<Kind> | null };

export interface GivenControl<Kind extends FeedbackKind = FeedbackKind> {
  current: Said<Kind> | null;
  lastAct: LastAct<Kind> | null;
  isSaving: boolean;
  error: unknown;
  /** The comment stays unless another is given. */
  save: (value: FeedbackValue<Kind>, comment?: string | null) => void;
  remove: () => void;
  undo: () => void;
}

/** `write` stores what is said from now on, and null takes it back. */
export function useGiven<Kind extends FeedbackKind>(
  given: Said<Kind> | undefined,
  write: (next: Said<Kind> | null) => Promise<unknown>,
): GivenControl<Kind> {
  const [lastAct, setLastAct] = useState<LastAct<Kind> | null>(null);
  const [isSaving, setIsSaving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const current = given ? { value: given.value, comment: given.comment } : null;

  const change = async (next: Said<Kind> | null, act: LastAct<Kind> | null) => {
    setError(null);
    setIsSaving(true);
    try {
      await write(next);
      setLastAct(act);
    } catch (failure) {
      setError(failure);
    }
    setIsSaving(false);
  };

  return {
    current,
    lastAct,
    isSaving,
    error,
    save: (value, comment = current?.comment ?? null) =>
      void change({ value, comment }, { did: 'saved', kept: current }),
    remove: () => void change(null, { did: 'removed', kept: current }),
    undo: () => {
      if (lastAct) void change(lastAct.kept, null);
    },
  };
}
