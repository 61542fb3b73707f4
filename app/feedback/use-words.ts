'use client';

// Says in words what an item of feedback says.
import { useTranslations } from 'next-intl';
import { useCallback } from 'react';
import { useFlaws } from '@/app/chat/rating/use-flaws';
import type { FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import type { GivenData } from './types';

/** What words need to know of an item besides its kind and value. */
type About = Pick<GivenData, 'answers' | 'pairSource'>;
type WordsOf = (kind: FeedbackKind, value: FeedbackValue, about: About) => string;
type Comparison = FeedbackValue<'comparison'>;

const MINUTE_MS = 60_000;

export function useWords(): WordsOf {
  const t = useTranslations('ownFeedback');
  const f = useTranslations('feedback');
  const flaws = useFlaws();
  const choiceOf = useChoiceWords();
  return useCallback(
    (kind, said, { answers, pairSource }) => {
      const numberOf = (id: string) => answers.findIndex(({ generationId }) => generationId === id) + 1;
      switch (kind) {
        case 'thumb': {
          const { up, reasons } = said as FeedbackValue<'thumb'>;
          const named = reasons.map((reason) => (isReason(reason) ? f(`reasons.${reason}`) : reason));
          return [t(up ? 'up' : 'down'), ...named].join(' · ');
        }
        case 'comparison': {
          return choiceOf(said as Comparison, pairSource);
        }
        case 'best_of':
          return t('bestWas', { number: numberOf((said as FeedbackValue<'best_of'>).best) });
        case 'ranking': {
          const { order } = said as FeedbackValue<'ranking'>;
          return t('order', { order: order.map((tied) => tied.map(numberOf).join(' = ')).join(' › ') });
        }
        case 'rating':
          return f('ratingOf', { rating: (said as FeedbackValue<'rating'>).rating });
        case 'flaws': {
          const given = (said as FeedbackValue<'flaws'>).flaws;
          const words = given.map(({ flaw, reason }) => {
            const label = flaws.find(({ id }) => id === flaw)?.label ?? flaw;
            return reason ? `${label}: ${reason}` : label;
          });
          return words.length === 0 ? f('flawCount', { count: 0 }) : words.join('\n');
        }
        case 'correction':
        case 'demonstration':
          return (said as FeedbackValue<'correction'>).text;
        case 'questionnaire':
          return t('answered', { count: Object.keys((said as FeedbackValue<'questionnaire'>).answers).length });
        case 'implicit': {
          const { copied, regenerated, abandoned, dwellMs } = said as FeedbackValue<'implicit'>;
          return [
            copied && t('copied'),
            regenerated && t('regenerated'),
            abandoned && t('abandoned'),
            dwellMs !== undefined &&
              (dwellMs < MINUTE_MS
                ? t('dwellSeconds', { seconds: Math.round(dwellMs / 1000) })
                : t('dwellMinutes', { minutes: Math.round(dwellMs / MINUTE_MS) })),
          ]
            .filter(Boolean)
            .join(' · ');
        }
      }
    },
    [t, f, flaws, choiceOf],
  );
}

/** Calls the two answers as the page did on which they were compared. */
export function useChoiceWords(): (value: Comparison, source: GivenData['pairSource']) => string {
  const t = useTranslations('ownFeedback');
  return useCallback(
    ({ choice, strength = 'none' }, source) => {
      if (choice === 'tie' || choice === 'both_bad') return t(`choice.${choice}`);
      return t(`choice.${source ?? 'workplace'}.${choice}`, { strength });
    },
    [t],
  );
}

/** The reasons that the chat offers with a thumb. */
export const REASONS = [
  ...(['correct', 'helpful', 'clear', 'kind'] as const),
  ...(['incorrect', 'unhelpful', 'ignored', 'too_long', 'too_short', 'unsafe'] as const),
] as const;
const isReason = (reason: string): reason is (typeof REASONS)[number] => REASONS.some((known) => known === reason);
