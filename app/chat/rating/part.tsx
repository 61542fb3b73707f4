'use client';

// A part of the panel: its question, its controls, and below them whether what was given is saved.
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { SavedNote } from './saved-note';
import type { GivenControl } from './use-given';

interface PartProps {
  title: string;
  given: GivenControl;
  children: ReactNode;
}

export function Part({ title, given, children }: PartProps) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 font-medium text-sm">{title}</legend>
      {children}
      <SavedPart given={given} />
    </fieldset>
  );
}

function SavedPart({ given }: { given: GivenControl }) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const { lastAct, error, isSaving, undo } = given;
  if (!lastAct && !error) return null;
  return (
    <SavedNote
      text={lastAct ? t(lastAct.did) : ''}
      {...(lastAct && { undo: { label: t('undo'), isBusy: isSaving, onUndo: undo } })}
      error={error ? `${t('notSaved')} ${sentenceOf(error)}` : null}
    />
  );
}
