'use client';

// Which versions learned from an item, and whether each came to answer everyone.
import Link from 'next/link';
import { useFormatter, useTranslations } from 'next-intl';
import { fateOf } from './fate';
import type { GivenData, Learner } from './types';

/** Versions that are named; of the others the number. */
const NAMED = 4;

/** Why nothing will learn from an item, as the key of a sentence. */
const NEVER = { withheld: 'neverWithheld', excluded: 'neverExcluded', banned: 'neverBanned' } as const;

interface LearnersProps {
  learners: readonly Learner[];
  keptOut: GivenData['keptOut'];
  /** The person has taken it back on this page. */
  isGone: boolean;
}

export function Learners({ learners, keptOut, isGone }: LearnersProps) {
  const t = useTranslations('ownFeedback');
  const format = useFormatter();
  const isOver = isGone || keptOut !== null;
  const outlook = isGone ? 'neverTakenBack' : keptOut ? NEVER[keptOut] : 'notLearned';
  const note = (learners.length === 0 || isOver) && <p className="mt-3 text-muted-foreground text-xs">{t(outlook)}</p>;
  if (learners.length === 0) return note;
  const dateOf = ({ championSince: since }: Learner) => (since ? format.dateTime(since, { dateStyle: 'medium' }) : '');
  const shown = learners.slice(-NAMED).reverse();
  return (
    <div className="mt-3 border-border border-t pt-3 text-xs">
      {note}
      <h3 className="text-muted-foreground">{t('learned')}</h3>
      <ul className="mt-1 space-y-1">
        {shown.map((learner) => (
          <li key={learner.versionId} className="flex flex-wrap gap-x-2">
            <Link
              href={`/changes#version-${learner.versionId}`}
              className="font-medium text-primary-strong underline underline-offset-3 [overflow-wrap:anywhere]"
            >
              {learner.versionId}
            </Link>
            <span>{t(fateOf(learner), { date: dateOf(learner) })}</span>
          </li>
        ))}
      </ul>
      {learners.length > NAMED && <p className="mt-1">{t('others', { count: learners.length - NAMED })}</p>}
    </div>
  );
}
