'use client';

// A person's rating of one answer: gives, changes and removes it, and undoes each of these.
import { useState } from 'react';
import type { GenerationData } from '@/app/chat/conversation/types';

export interface Rating {
  value: 1 | -1;
  reasons: string[];
  comment: string | null;
}

/** The last action; `kept` is the rating before it, for undo. */
export type LastAct = { did: 'saved' | 'removed'; kept: Rating | null };

export interface RatingControl {
  current: Rating | null;
  lastAct: LastAct | null;
  isFormOpen: boolean;
  isSaving: boolean;
  error: unknown;
  press: (value: 1 | -1) => void;
  explain: (reasons: string[], comment: string | null) => void;
  undo: () => void;
  closeForm: () => void;
}

export function useRating(
  { thumb, reasons, comment }: GenerationData,
  save: (rating: Rating | null) => Promise<unknown>,
): RatingControl {
  const [lastAct, setLastAct] = useState<LastAct | null>(null);
  const [isFormOpen, setIsFormOpen] = useState(false);
  const [isSaving, setIsSaving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const current: Rating | null = thumb === null ? null : { value: thumb, reasons, comment };

  const write = async (next: Rating | null, act: LastAct | null, isOpen: boolean) => {
    setError(null);
    setIsSaving(true);
    setIsFormOpen(isOpen);
    try {
      await save(next);
      setLastAct(act);
    } catch (failure) {
      setError(failure);
    }
    setIsSaving(false);
  };

  return {
    current,
    lastAct,
    isFormOpen,
    isSaving,
    error,
    press: (value) => {
      if (current?.value === value) void write(null, { did: 'removed', kept: current }, false);
      // The reasons belong to the other thumb and go; the comment stays.
      else void write({ value, reasons: [], comment: current?.comment ?? null }, { did: 'saved', kept: current }, true);
    },
    explain: (chosen, words) => {
      if (current) {
        void write({ ...current, reasons: chosen, comment: words }, { did: 'saved', kept: current }, false);
      }
    },
    undo: () => {
      if (lastAct) void write(lastAct.kept, null, false);
    },
    closeForm: () => setIsFormOpen(false),
  };
}
